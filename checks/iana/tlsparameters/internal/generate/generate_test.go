package main

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

// What is checked in is what the tables say.
func TestGeneratedIsFresh(t *testing.T) {
	t.Parallel()
	fresh, err := generate(os.DirFS("../../registry"))
	require.NoError(t, err)
	present, err := filepath.Glob("../../*_gen.go")
	require.NoError(t, err)
	require.Len(t, present, len(fresh), "a generated file is missing, or nobody generates it any more")
	for name, want := range fresh {
		have, err := os.ReadFile(filepath.Join("..", "..", name))
		require.NoError(t, err)
		require.True(t, bytes.Equal(have, want), "%s differs from its table: run go generate ./checks/iana/tlsparameters", name)
	}
}

func TestRunWritesEveryFile(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	require.NoError(t, run("../../registry", folder))
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Len(t, entries, 4)
	require.ErrorContains(t, run(filepath.Join(folder, "none"), folder), "open the registry tables")
}

func TestParseSuite(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]suite{
		"TLS_RSA_WITH_AES_128_CCM_8":                     {"RSA", "AES_128_CCM_8", "", 128},
		"TLS_KRB5_EXPORT_WITH_DES_CBC_40_MD5":            {"KRB5_EXPORT", "DES_CBC_40", "MD5", 40},
		"TLS_SHA384_SHA384":                              {"TLS13", "NULL", "SHA384", 0},
		"TLS_AES_128_CCM_8_SHA256":                       {"TLS13", "AES_128_CCM_8", "SHA256", 128},
		"SSL_RSA_FIPS_WITH_DES_CBC_SHA":                  {"RSA_FIPS", "DES_CBC", "SHA", 56},
		"TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256_OLD":  {"DHE_RSA", "CHACHA20_POLY1305", "SHA256", 256},
		"TLS_GOSTR341112_256_WITH_MAGMA_MGM_S":           {"TLS13", "MAGMA_MGM_S", "", 256},
		"TLS_GOSTR341112_256_WITH_28147_CNT_IMIT_LEGACY": {"GOSTR341112_256", "28147_CNT", "IMIT", 256},
		"TLS_GOSTR341112_256_WITH_KUZNYECHIK_CTR_OMAC":   {"GOSTR341112_256", "KUZNYECHIK_CTR", "OMAC", 256},
		"TLS_RSA_EXPORT1024_WITH_RC2_CBC_56_MD5":         {"RSA_EXPORT1024", "RC2_CBC_56", "MD5", 56},
		"TLS_NULL_WITH_NULL_NULL":                        {"NULL", "NULL", "NULL", 0},
		"TLS_GOSTR341001_WITH_NULL_GOSTR3411":            {"GOSTR341001", "NULL", "GOSTR3411", 0},
		"TLS_ECDHE_PSK_WITH_AES_128_CCM_8_SHA256":        {"ECDHE_PSK", "AES_128_CCM_8", "SHA256", 128},
	} {
		have, err := parseSuite(name)
		require.NoError(t, err, name)
		require.Equal(t, want, have, name)
	}
	_, err := parseSuite("TLS_RSA_WITH_SERPENT_256_CBC_SHA")
	require.ErrorContains(t, err, "TLS_RSA_WITH_SERPENT_256_CBC_SHA", "a cipher that nobody rated stops the generator")
}

// A registry that says something else than it did must stop the generator and
// not become a table with holes.
func TestTableFaults(t *testing.T) {
	t.Parallel()
	whole := os.DirFS("../../registry")
	for name, test := range map[string]struct{ file, content, want string }{
		"no columns that fit":   {"tls-parameters-8.csv", "Value,Description\n1,a,b\n", "wrong number of fields"},
		"no number":             {"tls-parameters-8.csv", "Value,Description\none,secp160k1\n", `value "one"`},
		"a value twice":         {"tls-parameters-8.csv", "Value,Description\n1,secp160k1\n1,secp160r1\n", "assigned twice"},
		"a name twice":          {"tls-parameters-6.csv", "Value,Description\n1,a\n2,a\n", "has two values"},
		"a group without size":  {"tls-parameters-8.csv", "Value,Description\n1,curve\n", "names no size"},
		"empty":                 {"tls-parameters-8.csv", "", "no header"},
		"a suite of two tables": {"unassigned.csv", "Registry,Value,Description,Source\nsuite,0xC02F,TLS_RSA_WITH_NULL_X,[x]\n", "assigned twice"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			registry := fstest.MapFS{}
			names, err := filepath.Glob("../../registry/*.csv")
			require.NoError(t, err)
			for _, path := range names {
				content, err := os.ReadFile(path)
				require.NoError(t, err)
				registry[filepath.Base(path)] = &fstest.MapFile{Data: content}
			}
			registry[test.file] = &fstest.MapFile{Data: []byte(test.content)}
			_, err = generate(registry)
			require.ErrorContains(t, err, test.want)
			delete(registry, test.file)
			_, err = generate(registry)
			require.ErrorContains(t, err, "open a registry")
		})
	}
	files, err := generate(whole)
	require.NoError(t, err)
	require.Equal(t, []string{"cipherspecs_gen.go", "groups_gen.go", "names_gen.go", "suites_gen.go"}, slices.Sorted(maps.Keys(files)))
}

func FuzzParseSuite(f *testing.F) {
	f.Add("TLS_RSA_WITH_AES_128_CBC_SHA")
	f.Add("TLS__WITH_")
	f.Fuzz(func(t *testing.T, name string) {
		if s, err := parseSuite(name); err == nil && (s.bits < 0 || s.bits > 256) {
			t.Errorf("%q: %d bits", name, s.bits)
		}
	})
}
