package smtp

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/jobalertd/jobalertd/mailer"
)

func TestReadReply_ReadsWhatServersSay(t *testing.T) {
	cases := []struct {
		wire string
		want Reply
	}{
		{"250 2.0.0 Ok: queued as 4XyZ12abcd\r\n", Reply{250, "2.0.0", "Ok: queued as 4XyZ12abcd", "4XyZ12abcd"}},
		{"250 OK id=1rABcd-0001xY-2z\r\n", Reply{250, "", "OK id=1rABcd-0001xY-2z", "1rABcd-0001xY-2z"}},
		{"250 2.6.0 <a@x> [InternalId=123456, Hostname=EX1.x] 9 bytes in 0.1 Queued mail for delivery\r\n",
			Reply{250, "2.6.0", "<a@x> [InternalId=123456, Hostname=EX1.x] 9 bytes in 0.1 Queued mail for delivery", "123456"}},
		{"250 2.0.0 49NA0b1c012345 Message accepted for delivery\r\n",
			Reply{250, "2.0.0", "49NA0b1c012345 Message accepted for delivery", "49NA0b1c012345"}},
		{"250 Ok 0102018c3f1e2d3c-11112222-000000\r\n",
			Reply{250, "", "Ok 0102018c3f1e2d3c-11112222-000000", "0102018c3f1e2d3c-11112222-000000"}},
		{"250 2.0.0 OK  1700000000 d12-20020a056402abcd.123 - gsmtp\r\n",
			Reply{250, "2.0.0", "OK  1700000000 d12-20020a056402abcd.123 - gsmtp", "d12-20020a056402abcd.123"}},
		{"250 ok 1700000000 qp 12345\r\n", Reply{250, "", "ok 1700000000 qp 12345", "12345"}},
		{"250 2.0.0 Ok\r\n", Reply{250, "2.0.0", "Ok", ""}},
		{"250\r\n", Reply{250, "", "", ""}},
		{"354 End data with <CR><LF>.<CR><LF>\n", Reply{354, "", "End data with <CR><LF>.<CR><LF>", ""}},
		{"550-5.1.1 The email account that you tried to reach does\r\n550-5.1.1 not exist. Please try\r\n550 5.1.1 https://x.example/ - gsmtp\r\n",
			Reply{550, "5.1.1", "The email account that you tried to reach does not exist. Please try https://x.example/ - gsmtp", ""}},
		{"550 #5.1.0 Address rejected.\r\n", Reply{550, "5.1.0", "Address rejected.", ""}},
		{"550 Mailbox unavailable (5.2.1)\r\n", Reply{550, "5.2.1", "Mailbox unavailable (5.2.1)", ""}},
		{"554 Service unavailable; 5.1.1.1 is listed\r\n", Reply{554, "", "Service unavailable; 5.1.1.1 is listed", ""}},
		{"450 see RFC 5321 4.2.1\r\n", Reply{450, "4.2.1", "see RFC 5321 4.2.1", ""}},
		{"550 5.7.1234 odd\r\n", Reply{550, "", "5.7.1234 odd", ""}},
		{"550 wei\xdf nicht\x07\r\n", Reply{550, "", "wei? nicht", ""}},
	}
	for _, tc := range cases {
		got, err := readReply(bufio.NewReader(strings.NewReader(tc.wire)))
		if err != nil || got != tc.want {
			t.Errorf("%q:\ngot  %+v, %v\nwant %+v", tc.wire, got, err, tc.want)
		}
	}
}

func TestReadReply_RefusesWhatIsNoReply(t *testing.T) {
	for _, wire := range []string{
		"hello\r\n", "25 ok\r\n", "950 ok\r\n", "250_ok\r\n", "\r\n",
		"250-a\r\n550 b\r\n", strings.Repeat("250-a\r\n", 200), "250 " + strings.Repeat("a", 5000) + "\r\n",
	} {
		if r, err := readReply(bufio.NewReader(strings.NewReader(wire))); !errors.Is(err, errReplyMalformed) {
			t.Errorf("%.20q: %+v, %v", wire, r, err)
		}
	}
	for _, wire := range []string{"", "250", "250 ok", "250-ok\r\n", "250-ok\r\n250 2.0"} {
		if r, err := readReply(bufio.NewReader(strings.NewReader(wire))); !errors.Is(err, io.EOF) {
			t.Errorf("%q: %+v, %v, want the end of input", wire, r, err)
		}
	}
}

func FuzzReadReply(f *testing.F) {
	f.Add("250 2.0.0 Ok: queued as 4XyZ\r\n", uint8(5))
	f.Add("550-5.1.1 a\r\n550 5.1.1 b\r\n", uint8(3))
	f.Add("421 4.7.0 rate limit #5.1.1\r\n", uint8(0))
	f.Fuzz(func(t *testing.T, wire string, stage uint8) {
		r, err := readReply(bufio.NewReader(strings.NewReader(wire)))
		if err != nil {
			return
		}
		if r.Code < 100 || r.Code > 599 || !utf8.ValidString(r.Text) || strings.ContainsAny(r.Text, "\r\n\x00") || len(r.Text) > 4000 {
			t.Errorf("read %+v", r)
		}
		if r.Enhanced != "" && statusLen(r.Enhanced) != len(r.Enhanced) {
			t.Errorf("status %q", r.Enhanced)
		}
		v := Classify(r.Code, r.Enhanced, r.Text, Stage(stage%6))
		if (v == mailer.Taken) != (r.Code/100 == 2) {
			t.Errorf("%+v is %v", r, v)
		}
		if r.Code/100 == 4 && (v == mailer.NoSuchRecipient || v == mailer.RecipientRefuses || v == mailer.MessageRefused) {
			t.Errorf("a temporary %+v ended the envelope: %v", r, v)
		}
	})
}
