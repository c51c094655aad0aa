package lint

// Exclusion is a lint that is left out, and why.
type Exclusion struct {
	Lint   string
	Reason string
}

// Excluded lists the lints that say what another question of an appraisal says
// better, or nothing that an operator could act on.
func Excluded() []Exclusion {
	const lifetime, digest, size = "checks.LifetimeTooLong says it for every era", "checks.SHA1Signature says it", "checks.WeakKey says it"
	return []Exclusion{
		{"e_sub_cert_valid_time_longer_than_39_months", lifetime},
		{"e_sub_cert_valid_time_longer_than_825_days", lifetime},
		{"e_tls_server_cert_valid_time_longer_than_398_days", lifetime},
		{"e_server_cert_valid_time_longer_than_200_days", lifetime},
		{"e_server_cert_valid_time_longer_than_100_days", lifetime},
		{"e_server_cert_valid_time_longer_than_47_days", lifetime},
		{"e_sub_cert_or_sub_ca_using_sha1", digest},
		{"e_rsa_mod_less_than_2048_bits", size},
		{"e_mp_modulus_must_be_2048_bits_or_more", size},
		{"e_old_sub_ca_rsa_mod_less_than_1024_bits", size},
		{"e_old_sub_cert_rsa_mod_less_than_1024_bits", size},
		{"e_dsa_shorter_than_2048_bits", size},
	}
}
