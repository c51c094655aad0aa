package checks

// Simulations is the component that holds what each known client gets.
type Simulations struct {
	Clients []Simulation `json:"clients,omitempty"` // in the order of the profiles
}

// Simulation is what one client gets.
type Simulation struct {
	Client string `json:"client"` // "Chrome 80 on Windows 10"
	// Reference: SSL Labs counts it for forward secrecy (rating guide, section 11).
	Reference bool `json:"reference,omitempty"`
	// Resent: its own ClientHello was sent. Otherwise the answer follows from
	// what is known of the server's choice.
	Resent bool `json:"resent,omitempty"`
	// Handshake: Absent where client and server have nothing in common.
	Handshake Fact[SimulatedHandshake] `json:"handshake"`
}

// SimulatedHandshake is what client and server agree on.
type SimulatedHandshake struct {
	Protocol       Protocol `json:"protocol"`
	Suite          string   `json:"suite"` // "0xC02F"
	SuiteName      string   `json:"suite_name"`
	Group          string   `json:"group,omitempty"` // as in Suite
	GroupBits      int      `json:"group_bits,omitempty"`
	ForwardSecrecy bool     `json:"forward_secrecy"`
}
