package web

import (
	"net/http"
	"net/netip"
	"strings"
)

// clientIP is where a request comes from: the peer, or what the nearest proxy
// that is not ours was told. Headers of anybody else's making count for nothing.
func (s *Site) clientIP(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.IPv4Unspecified() // a Unix socket, a test: all one visitor
	}
	at := peer.Addr().Unmap().WithZone("")
	if !s.trusted(at) {
		return at
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			return at
		}
		if at = hop.Unmap().WithZone(""); !s.trusted(at) {
			return at
		}
	}
	return at
}

func (s *Site) trusted(at netip.Addr) bool {
	for _, p := range s.TrustedProxies {
		if p.Contains(at) {
			return true
		}
	}
	return false
}

// host and network are what limits count by: an IPv6 customer has a /64 at least,
// a provider's neighbourhood a /48 or an IPv4 /24.
func host(at netip.Addr) string    { return masked(at, 32, 64) }
func network(at netip.Addr) string { return masked(at, 24, 48) }

func masked(at netip.Addr, v4, v6 int) string {
	bits := v6
	if at.Is4() {
		bits = v4
	}
	p, err := at.Prefix(bits)
	if err != nil {
		return at.String()
	}
	return p.String()
}
