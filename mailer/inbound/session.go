package inbound

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/emersion/go-smtp"
)

// purpose is what one of our addresses is for.
type purpose uint8

const (
	toBounce purpose = iota
	toUnsubscribe
	toSubscribe
	toCanary
)

// target is one recipient of a mail that came in.
type target struct {
	purpose purpose
	token   string
}

// maxToken bounds what may stand behind the plus sign.
const maxToken = 128

// target says what an address is for. Ours are compared without regard to
// case; tokens are passed on as they came.
func (o *Options) target(address string) (target, bool) {
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return target{}, false
	}
	local, token, _ := strings.Cut(address[:at], "+")
	base := local + address[at:]
	if len(token) > maxToken {
		return target{}, false
	}
	switch {
	case o.CanaryAddress != "" && strings.EqualFold(address, o.CanaryAddress):
		return target{toCanary, ""}, true
	case o.BounceAddress != "" && strings.EqualFold(base, o.BounceAddress):
		return target{toBounce, token}, true
	case o.UnsubscribeAddress != "" && strings.EqualFold(base, o.UnsubscribeAddress):
		return target{toUnsubscribe, token}, token != ""
	case o.SubscribeAddress != "" && strings.EqualFold(base, o.SubscribeAddress):
		return target{toSubscribe, ""}, token == ""
	}
	return target{}, false
}

// session is one client's session; it implements go-smtp's Session.
type session struct {
	server  *Server
	remote  string
	handing *gate
	base    func() (context.Context, context.CancelFunc)

	from    string
	targets []target
}

// Mail implements go-smtp's Session.
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if !s.server.pace.take(s.remote, time.Now()) {
		return &smtp.SMTPError{Code: 450, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "Too many mails, try again later"}
	}
	s.from = from
	return nil
}

// Rcpt implements go-smtp's Session.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	t, ok := s.server.options.target(to)
	if !ok {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "No such address here"}
	}
	s.targets = append(s.targets, t)
	return nil
}

// Data implements go-smtp's Session.
func (s *session) Data(r io.Reader) error {
	if !s.handing.enter() {
		return &smtp.SMTPError{Code: 421, EnhancedCode: smtp.EnhancedCode{4, 3, 2}, Message: "Closing down, try again later"}
	}
	defer s.handing.leave()
	raw, err := io.ReadAll(r)
	var answer *smtp.SMTPError
	if errors.As(err, &answer) {
		return answer
	}
	if err != nil {
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 4, 2}, Message: "The mail did not arrive whole"}
	}
	ctx, cancel := s.base()
	defer cancel()
	for _, t := range s.targets {
		err := s.hand(ctx, t, raw)
		if advice := (*NotUnderstood)(nil); errors.As(err, &advice) {
			if len(s.targets) == 1 {
				return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: oneLine(advice.Advice, 400)}
			}
			continue // a refusal would be one for the others too
		}
		if err != nil {
			s.server.options.Log.ErrorContext(ctx, "act on a mail received", "err", err)
			return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "Cannot act on it now, try again later"}
		}
	}
	return nil
}

// hand gives one mail to the Handler. What a machine wrote to an address that
// is for people is taken and forgotten: answering it could start a loop.
func (s *session) hand(ctx context.Context, t target, raw []byte) error {
	h := s.server.handler
	if t.purpose == toBounce {
		reports := Classify(raw)
		for i := range reports {
			if t.token != "" {
				reports[i].Token = t.token
			}
		}
		return h.Report(ctx, reports)
	}
	m := parseMail(raw)
	if t.purpose == toCanary {
		return s.server.options.Canary(ctx, strings.Trim(firstWord(m.header.get("message-id")), "<>"))
	}
	if s.from == "" || m.fromServer() || m.autoReply() != nil {
		return nil
	}
	if t.purpose == toUnsubscribe {
		return h.Unsubscribe(ctx, t.token)
	}
	from := firstAddress(m.header.get("from"))
	if from == "" || m.automatic() || s.ours(from) {
		return nil
	}
	err := h.Subscribe(ctx, SubscribeRequest{
		From: from, Subject: subject(m.header.get("subject")), Locale: m.language(), Remote: s.remote,
	})
	if advice := (*NotUnderstood)(nil); errors.As(err, &advice) && !s.advises(from) {
		return nil
	}
	return err
}

// advises says whether a refusal may be told to the writer: where the mail's sender
// is who it says it is from, and a few times a day, since both can be forged.
func (s *session) advises(from string) bool {
	return strings.EqualFold(s.from, from) && s.server.advised.take(strings.ToLower(from), time.Now())
}

// automatic says that no person wrote the mail (RFC 3834 section 5; lists and
// bulk mail by their fields).
func (m *inMail) automatic() bool {
	auto := strings.ToLower(firstWord(m.header.get("auto-submitted")))
	precedence := strings.ToLower(firstWord(m.header.get("precedence")))
	return auto != "" && auto != "no" || m.header.get("list-id") != "" || m.header.get("list-unsubscribe") != "" ||
		precedence == "bulk" || precedence == "list" || precedence == "junk"
}

// language is what the writer's program says of it (RFC 3282).
func (m *inMail) language() string {
	for _, name := range []string{"content-language", "accept-language"} {
		if v := strings.ToLower(m.header.get(name)); len(v) >= 2 && v[0] >= 'a' && v[0] <= 'z' && v[1] >= 'a' && v[1] <= 'z' {
			return v[:2]
		}
	}
	return ""
}

// ours says that an address is one of those we serve.
func (s *session) ours(address string) bool {
	_, ok := s.server.options.target(address)
	return ok
}

const maxSubject = 200

// subject is what a person wrote there.
func subject(value string) string {
	words := oneLine(decodeWords(value), maxSubject)
	for {
		prefix, rest, ok := strings.Cut(words, ":")
		switch strings.ToLower(prefix) {
		case "re", "aw", "wg", "fw", "fwd":
		default:
			return words
		}
		if !ok {
			return words
		}
		words = strings.TrimSpace(rest)
	}
}

// Reset implements go-smtp's Session.
func (s *session) Reset() { s.from, s.targets = "", nil }

// Logout implements go-smtp's Session.
func (s *session) Logout() error { return nil }
