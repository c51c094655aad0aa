// Package probe is the only package that dials: resolver, address filter,
// budgets, the record of every connection of a look, and errors turned into a
// stable reason and a plain sentence. It must not speak TLS or HTTP to what it
// looks at, and knows no verdict; the families do, over its connections.
//
//	Config ──New──▶ Prober ──Network(limits)──▶ one look
//	Network.Resolve: name ──once a look──▶ every address, special ones too
//	Network.Dial:    address ──vet──▶ budget ──connect──▶ bounded net.Conn
//
// The filter stands in Dial and nowhere else, so that no way around it exists:
// it never resolves, and refuses an address before the first packet. The zero
// Config is the safe one.
package probe
