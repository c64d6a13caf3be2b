package inbound

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestSubject_IsWhatThePersonWrote(t *testing.T) {
	for value, want := range map[string]string{
		"Medizininformatiker Gelsenkirchen 25 km":       "Medizininformatiker Gelsenkirchen 25 km",
		"Re: AW: Pflege K\u00f6ln":                      "Pflege K\u00f6ln",
		"=?utf-8?B?UsO8Y2tlbg==?= =?utf-8?B?IMO8YmVy?=": "R\u00fccken \u00fcber",
		"title:Leiter -Praktikum":                       "title:Leiter -Praktikum",
		"a\r\n b\tc":                                    "a b c",
		"re:":                                           "",
		strings.Repeat("\u00fc", 300):                   strings.Repeat("\u00fc", 100),
		"=?utf-8?Q?=0D=0ABcc:_x@example.org?=":          "Bcc: x@example.org",
	} {
		if got := subject(value); got != want {
			t.Errorf("%q: %q, want %q", value, got, want)
		}
	}
}

func FuzzMailCommand(f *testing.F) {
	f.Add("subscribe@jobs.example", "Re: Pflege K\u00f6ln")
	f.Add("unsubscribe+abc@JOBS.example", "=?utf-8?Q?=0D=0A?=")
	f.Add("bounces+@jobs.example", "")
	o := Options{BounceAddress: "bounces@jobs.example", UnsubscribeAddress: "unsubscribe@jobs.example", SubscribeAddress: "subscribe@jobs.example"}
	f.Fuzz(func(t *testing.T, address, value string) {
		s := subject(value)
		if len(s) > maxSubject || !utf8.ValidString(s) || strings.ContainsAny(s, "\r\n\x00") || subject(s) != s && !strings.Contains(s, "=?") {
			t.Errorf("subject %q of %q", s, value)
		}
		if got, ok := o.target(address); ok && (len(got.token) > maxToken || !strings.HasSuffix(strings.ToLower(address), "@jobs.example")) {
			t.Errorf("%q is for %+v", address, got)
		}
	})
}
