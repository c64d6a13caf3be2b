package inbound

import (
	"mime"
	"strings"
)

// autoReply tells an automatic answer (RFC 3834 and what came before it) from
// a bounce that calls itself one, as Exim's do.
func (m *inMail) autoReply() []Report {
	if m.fromServer() || m.header.get("x-failed-recipients") != "" {
		return nil
	}
	h := m.header
	away := containsAny(strings.ToLower(decodeWords(h.get("subject"))), awayWords)
	if !away && m.tellsOfFailure() {
		return nil
	}
	auto := strings.ToLower(h.get("auto-submitted"))
	answered := strings.HasPrefix(auto, "auto-replied") || strings.HasPrefix(auto, "auto-notified") ||
		h.get("x-autoreply") != "" || h.get("x-autorespond") != "" || h.get("x-autoresponder") != "" ||
		h.get("x-auto-reply-from") != "" || h.get("x-apple-action") != "" ||
		strings.EqualFold(h.get("x-auto-response-suppress"), "all") && strings.HasPrefix(auto, "auto-generated") ||
		strings.EqualFold(h.get("precedence"), "auto_reply") || away
	if !answered {
		return nil
	}
	return []Report{{
		Kind:       AutoReply,
		Recipient:  firstAddress(h.get("from"), h.get("reply-to"), h.get("return-path")),
		Diagnostic: decodeWords(h.get("subject")),
	}}
}

// fromServer says that the mail claims to come from a mail server itself.
func (m *inMail) fromServer() bool {
	from := strings.ToLower(decodeWords(m.header.get("from")) + " " + m.header.get("return-path"))
	return containsAny(from, serverNames)
}

func decodeWords(s string) string {
	if decoded, err := new(mime.WordDecoder).DecodeHeader(s); err == nil {
		return decoded
	}
	return s
}
