package lossynet

import (
	"fmt"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"
)

// interfaceName is the same on both sides: each has a namespace of its own.
const interfaceName = "lossy0"

// The two ends. Addresses of documentation (RFC 5737): nothing else has them.
var (
	serverAddress = netip.AddrFrom4([4]byte{192, 0, 2, 1})
	proberAddress = netip.AddrFrom4([4]byte{192, 0, 2, 2})
)

// openTun makes a tun interface with an address in the network namespace of
// the calling thread, and brings it and the loopback up. Each Read of the file
// is a packet that was sent to the other end.
func openTun(address netip.Addr) (*os.File, error) {
	// Not os.OpenFile: the file may meet the poller only after TUNSETIFF.
	descriptor, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("open /dev/net/tun: %w", err)
	}
	file := func() (*os.File, error) {
		request, err := unix.NewIfreq(interfaceName)
		if err != nil {
			return nil, fmt.Errorf("name the tun interface: %w", err)
		}
		request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
		if err := unix.IoctlIfreq(descriptor, unix.TUNSETIFF, request); err != nil {
			return nil, fmt.Errorf("make a tun interface: %w", err)
		}
		if err := configure(address); err != nil {
			return nil, err
		}
		return os.NewFile(uintptr(descriptor), "/dev/net/tun"), nil
	}
	opened, err := file()
	if err != nil {
		_ = unix.Close(descriptor)
	}
	return opened, err
}

// configure gives the tun interface its address and brings all interfaces up.
func configure(address netip.Addr) error {
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open a socket to configure interfaces: %w", err)
	}
	defer func() { _ = unix.Close(socket) }()
	own, mask := address.As4(), [4]byte{255, 255, 255, 252}
	for _, step := range []struct {
		what, name string
		request    uint
		set        func(*unix.Ifreq) error
	}{
		{"address", interfaceName, unix.SIOCSIFADDR, func(r *unix.Ifreq) error { return r.SetInet4Addr(own[:]) }},
		{"netmask", interfaceName, unix.SIOCSIFNETMASK, func(r *unix.Ifreq) error { return r.SetInet4Addr(mask[:]) }},
		{"state", interfaceName, unix.SIOCSIFFLAGS, up},
		{"state", "lo", unix.SIOCSIFFLAGS, up},
	} {
		request, err := unix.NewIfreq(step.name)
		if err == nil {
			err = step.set(request)
		}
		if err == nil {
			err = unix.IoctlIfreq(socket, step.request, request)
		}
		if err != nil {
			return fmt.Errorf("set the %s of interface %s: %w", step.what, step.name, err)
		}
	}
	return nil
}

func up(request *unix.Ifreq) error {
	request.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	return nil
}
