package smtp

import (
	"bufio"
	"errors"
	"fmt"
	"strings"
)

// Reply is one answer of the relay.
type Reply struct {
	Code     int
	Enhanced string // RFC 3463 status read from the text, offered or not; empty if none
	Text     string // without code and leading status; lines joined by spaces; at most 1,000 bytes
	QueueID  string // the relay's own name for the mail, if an acceptance gave one
}

const (
	maxReplyLines = 100
	maxReplyText  = 1000
)

var errReplyMalformed = errors.New("malformed reply")

// readReply reads one reply. An end of input inside it is an error even where
// the code can already be read, since half an answer is none.
func readReply(r *bufio.Reader) (Reply, error) {
	var reply Reply
	var text []byte
	code, err := readLines(r, func(line []byte) {
		status, words := cutStatus(string(line))
		if reply.Enhanced == "" {
			reply.Enhanced = status
		}
		if len(text) > 0 && words != "" {
			text = append(text, ' ')
		}
		if len(text) < maxReplyText {
			text = append(text, words...)
		}
	})
	if err != nil {
		return Reply{}, err
	}
	reply.Code, reply.Text = code, string(text)
	return reply.digest(), nil
}

// readLines reads one reply (RFC 5321 section 4.2) and gives each line's text,
// which is valid during the call only. A line longer than r's buffer, more
// than 100 lines, or lines that differ in their code are malformed.
func readLines(r *bufio.Reader, each func(text []byte)) (code int, err error) {
	for n := range maxReplyLines {
		line, err := r.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			return 0, fmt.Errorf("%w: line too long", errReplyMalformed)
		}
		if err != nil {
			return 0, err
		}
		lineCode, text, more, ok := parseReplyLine(line)
		if !ok || n > 0 && lineCode != code {
			return 0, errReplyMalformed
		}
		code = lineCode
		each(text)
		if !more {
			return code, nil
		}
	}
	return 0, fmt.Errorf("%w: more than %d lines", errReplyMalformed, maxReplyLines)
}

// parseReplyLine splits one line into code and text. RFC 5321 lets a line end
// right after the code, and more says that it is not the reply's last.
func parseReplyLine(line []byte) (code int, text []byte, more, ok bool) {
	for len(line) > 0 && (line[len(line)-1] == '\n' || line[len(line)-1] == '\r') {
		line = line[:len(line)-1]
	}
	if len(line) < 3 || line[0] < '1' || line[0] > '5' {
		return 0, nil, false, false
	}
	for _, c := range line[:3] {
		if c < '0' || c > '9' {
			return 0, nil, false, false
		}
		code = code*10 + int(c-'0')
	}
	if len(line) == 3 {
		return code, nil, false, true
	}
	if line[3] != ' ' && line[3] != '-' {
		return 0, nil, false, false
	}
	return code, line[4:], line[3] == '-', true
}

// digest takes status and queue id out of the text and makes the rest safe to
// store and show: valid UTF-8 without control characters.
func (r Reply) digest() Reply {
	if r.Enhanced == "" {
		r.Enhanced, r.Text = cutStatus(r.Text)
	}
	if r.Enhanced == "" && r.Code >= 400 {
		r.Enhanced = findStatus(r.Text, byte('0'+r.Code/100))
	}
	if len(r.Text) > maxReplyText {
		r.Text = r.Text[:maxReplyText]
	}
	r.Text = strings.TrimSpace(strings.Map(printable, strings.ToValidUTF8(r.Text, "?")))
	if r.Code/100 == 2 {
		r.QueueID = queueID(r.Text)
	}
	return r
}

func printable(c rune) rune {
	if c < ' ' || c >= 0x7F && c < 0xA0 {
		return ' '
	}
	return c
}
