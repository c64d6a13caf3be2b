package main

import (
	"testing"

	"github.com/jobalertd/jobalertd/config"
)

func TestMailHost_IsANameOrAnAddressLiteral(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ hello, url, want string }{
		{"", "https://jobs.example.org", "jobs.example.org"},
		{"", "http://localhost:8080", "localhost"},
		{"", "http://127.0.0.1:8080", "[127.0.0.1]"},
		{"", "http://[::1]:8080", "[IPv6:::1]"},
		{"", "http://[2001:DB8::25]/", "[IPv6:2001:db8::25]"},
		{"mail.example.org", "http://127.0.0.1:8080", "mail.example.org"},
		{"192.0.2.25", "https://jobs.example.org", "[192.0.2.25]"},
		{"[192.0.2.25]", "https://jobs.example.org", "[192.0.2.25]"},
	} {
		c := config.Default()
		c.SMTP.Hello, c.HTTP.PublicURL = tt.hello, tt.url
		if got := mailHost(c); got != tt.want {
			t.Errorf("smtp.hello %q, http.public_url %q: %q, want %q", tt.hello, tt.url, got, tt.want)
		}
	}
}
