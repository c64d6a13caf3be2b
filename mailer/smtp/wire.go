package smtp

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"time"

	"github.com/jobalertd/jobalertd/mailer"
)

// prepared is a message that this relay can be given.
type prepared struct {
	mailer.Message
	from, to string // as they go over the wire
	utf8     bool   // an address needs SMTPUTF8
	eightBit bool   // Data holds bytes beyond ASCII
	dirty    bool   // a transaction is open on the connection: RSET first

	slot  time.Time // when the pace lets it go, once paced
	paced bool
}

// extensions are what the relay's EHLO offers and we use.
type extensions struct {
	pipelining, eightBit, size, utf8 bool
	maxSize                          int64 // bytes; 0: not stated
}

// prepare checks m against the rules of SMTP and against what ext offers.
func prepare(m mailer.Message, ext extensions) (prepared, error) {
	p := prepared{Message: m}
	var err error
	if p.to, p.utf8, err = wireAddress(m.To); err != nil {
		return p, err
	}
	if m.From != "" {
		var utf8 bool
		if p.from, utf8, err = wireAddress(m.From); err != nil {
			return p, err
		}
		p.utf8 = p.utf8 || utf8
	}
	if p.utf8 && !ext.utf8 {
		return p, &Unsendable{"an address is not ASCII and the relay does not offer SMTPUTF8"}
	}
	if p.eightBit, err = checkData(m.Data); err != nil {
		return p, err
	}
	if p.eightBit && !ext.eightBit {
		return p, &Unsendable{"the mail is not ASCII and the relay does not offer 8BITMIME"}
	}
	if ext.maxSize > 0 && int64(len(m.Data)) > ext.maxSize {
		return p, &Unsendable{"the mail is larger than the relay takes"}
	}
	return p, nil
}

// checkData finds bytes beyond ASCII, and refuses an empty mail and a bare CR
// or LF: what one server reads as a line end and the next does not is how
// mail is smuggled, and current Postfix refuses it (521 5.5.2).
func checkData(data []byte) (eightBit bool, err error) {
	if len(data) == 0 {
		return false, &Unsendable{"the mail is empty"}
	}
	lines := 0
	for rest := data; ; lines++ {
		i := bytes.IndexByte(rest, '\n')
		if i < 0 {
			break
		}
		if i == 0 || rest[i-1] != '\r' {
			return false, &Unsendable{"the mail holds a bare line feed"}
		}
		rest = rest[i+1:]
	}
	if bytes.Count(data, []byte{'\r'}) != lines {
		return false, &Unsendable{"the mail holds a bare carriage return"}
	}
	return hasHighBit(data), nil
}

func hasHighBit(data []byte) bool {
	const high = 0x8080808080808080
	for ; len(data) >= 8; data = data[8:] {
		if binary.LittleEndian.Uint64(data)&high != 0 {
			return true
		}
	}
	for _, c := range data {
		if c >= 0x80 {
			return true
		}
	}
	return false
}

// appendMail appends the MAIL command.
func appendMail(dst []byte, p *prepared, ext extensions) []byte {
	dst = append(dst, "MAIL FROM:<"...)
	dst = append(dst, p.from...)
	dst = append(dst, '>')
	if ext.size {
		dst = append(dst, " SIZE="...)
		dst = strconv.AppendInt(dst, int64(len(p.Data)), 10)
	}
	if p.eightBit {
		dst = append(dst, " BODY=8BITMIME"...)
	}
	if p.utf8 {
		dst = append(dst, " SMTPUTF8"...)
	}
	return append(dst, "\r\n"...)
}

func appendRcpt(dst []byte, p *prepared) []byte {
	dst = append(dst, "RCPT TO:<"...)
	dst = append(dst, p.to...)
	return append(dst, ">\r\n"...)
}

// appendEnvelope appends the commands up to DATA as one group. RSET may stand
// in front of a group, DATA only at its end (RFC 2920 section 3.1).
func appendEnvelope(dst []byte, p *prepared, ext extensions) []byte {
	if p.dirty {
		dst = append(dst, "RSET\r\n"...)
	}
	dst = appendMail(dst, p, ext)
	dst = appendRcpt(dst, p)
	return append(dst, "DATA\r\n"...)
}

// appendStuffed appends checked data with its leading dots doubled (RFC 5321
// section 4.5.2), copying the runs between them whole, and the final dot.
func appendStuffed(dst, data []byte) []byte {
	if len(data) > 0 && data[0] == '.' {
		dst = append(dst, '.')
	}
	for {
		i := bytes.Index(data, []byte("\n."))
		if i < 0 {
			break
		}
		dst = append(dst, data[:i+1]...)
		dst = append(dst, '.')
		data = data[i+1:]
	}
	dst = append(dst, data...)
	if !bytes.HasSuffix(data, []byte("\r\n")) {
		dst = append(dst, "\r\n"...)
	}
	return append(dst, ".\r\n"...)
}
