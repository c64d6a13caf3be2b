package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"os"
	"strconv"
	"strings"
	"time"

	mail "github.com/wneessen/go-mail"
	gosmtp "github.com/wneessen/go-mail/smtp"
)

// Dial connects to the relay, secures the connection as asked, logs in, and
// learns what the relay offers. The relay's refusal is a *Refused at
// StageConnect or StageLogin, a relay that does not go with the options a
// *Misfit; all else that can fail is an *Interrupted. When ctx ends the
// dialling is broken off.
func Dial(ctx context.Context, o Options) (*Conn, error) {
	o = o.withDefaults()
	d := &dialing{options: o, stage: StageConnect}
	client, err := d.client(ctx)
	if err != nil {
		return nil, &Misfit{fmt.Errorf("relay options: %w", err)}
	}
	session, err := client.DialToSMTPClientWithContext(ctx)
	if err == nil && !d.settle() {
		err = context.Cause(ctx)
	}
	if err != nil {
		d.abandon()
		return nil, fmt.Errorf("connect to relay: %w", d.failure(err))
	}
	c := &Conn{options: o, base: d.base, session: session, text: session.Text, used: time.Now()}
	if c.sender, err = mail.NewClient(o.Host, mail.WithTimeout(o.FinalTimeout), mail.WithoutNoop(), mail.WithoutRset()); err != nil {
		_ = c.abort()
		return nil, &Misfit{fmt.Errorf("relay options: %w", err)}
	}
	if err := c.learn(ctx, session); err != nil {
		_ = c.abort()
		return nil, fmt.Errorf("connect to relay: %w", err)
	}
	return c, nil
}

func (o Options) withDefaults() Options {
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.FinalTimeout <= 0 {
		o.FinalTimeout = DefaultFinalTimeout
	}
	if o.HelloName == "" {
		o.HelloName = "localhost"
		if name, err := os.Hostname(); err == nil && isASCII(name) && domainOK(name) {
			o.HelloName = name
		}
	}
	return o
}

// dialing is one attempt. It keeps what go-mail does not hand out: the socket
// (which go-mail leaves open when a later step fails) and how far it came.
type dialing struct {
	options Options
	stage   Stage
	base    net.Conn
	stop    func() bool // undoes the tie between context and socket
}

func (d *dialing) client(ctx context.Context) (*mail.Client, error) {
	o := d.options
	secure := &tls.Config{ServerName: o.Host, RootCAs: o.RootCAs, MinVersion: tls.VersionTLS12}
	opts := []mail.Option{
		mail.WithPort(o.Port), mail.WithTimeout(o.Timeout), mail.WithTLSConfig(secure),
		mail.WithHELO(o.HelloName), mail.WithoutSMTPUTF8(),
	}
	switch o.TLS {
	case TLSStartTLS:
		opts = append(opts, mail.WithTLSPolicy(mail.TLSMandatory), mail.WithDialContextFunc(d.dialer(ctx, nil)))
	case TLSImplicit:
		opts = append(opts, mail.WithTLSPolicy(mail.NoTLS), mail.WithDialContextFunc(d.dialer(ctx, secure)))
	case TLSNone:
		opts = append(opts, mail.WithTLSPolicy(mail.NoTLS), mail.WithDialContextFunc(d.dialer(ctx, nil)))
	default:
		return nil, fmt.Errorf("tls is %q, allowed are %s, %s and %s", o.TLS, TLSStartTLS, TLSImplicit, TLSNone)
	}
	if o.Username != "" {
		opts = append(opts, mail.WithSMTPAuthCustom(&login{options: o, begun: func() { d.stage = StageLogin }}))
	}
	return mail.NewClient(o.Host, opts...)
}

// dialer opens the socket and ties it to the context for as long as the
// dialling lasts. go-mail sets deadlines of its own on it, so the tie closes
// the socket rather than setting one.
func (d *dialing) dialer(ctx context.Context, secure *tls.Config) mail.DialContextFunc {
	// The dial's own context ends when go-mail is done, so it bounds only
	// the opening; ctx is the caller's.
	return func(opening context.Context, network, address string) (net.Conn, error) {
		var dialer net.Dialer
		base, err := dialer.DialContext(opening, network, address)
		if err != nil {
			return nil, err
		}
		d.base = base
		d.stop = context.AfterFunc(ctx, func() { _ = base.Close() })
		if secure == nil {
			return base, nil
		}
		conn := tls.Client(base, secure)
		if err := conn.HandshakeContext(opening); err != nil {
			return nil, err
		}
		return conn, nil
	}
}

// settle unties socket and context; false: the context had ended first.
func (d *dialing) settle() bool { return d.stop == nil || d.stop() }

func (d *dialing) abandon() {
	d.settle()
	if d.base != nil {
		_ = d.base.Close()
	}
}

// failure turns what go-mail returned into one of this package's errors.
func (d *dialing) failure(err error) error {
	var answer *textproto.Error
	if errors.As(err, &answer) && answer.Code >= 400 && answer.Code <= 599 {
		r := Reply{Code: answer.Code, Text: strings.ReplaceAll(answer.Msg, "\n", " ")}
		return newRefused(r.digest(), d.stage)
	}
	var certificate *tls.CertificateVerificationError
	if errors.As(err, &certificate) || errors.Is(err, ErrNoLogin) || d.base != nil && !ofNetwork(err) {
		return &Misfit{Err: err}
	}
	return &Interrupted{Stage: d.stage, Err: err}
}

// ofNetwork tells an error of socket or context from one by which go-mail says
// that the relay lacks what was asked for.
func ofNetwork(err error) bool {
	var network net.Error
	var record tls.RecordHeaderError
	var malformed textproto.ProtocolError
	return errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) ||
		errors.As(err, &record) || errors.As(err, &malformed)
}

// learn reads what EHLO offered. go-mail keeps the names as the relay spelled
// them and finds capital letters only, so where it finds no PIPELINING the
// relay is asked once more and read without regard to case (RFC 5321 section
// 4.1.4 allows EHLO at any time).
func (c *Conn) learn(ctx context.Context, session *gosmtp.Client) error {
	if ok, _ := session.Extension("PIPELINING"); ok {
		c.ext.pipelining = true
		c.ext.eightBit, _ = session.Extension("8BITMIME")
		c.ext.utf8, _ = session.Extension("SMTPUTF8")
		size, limit := session.Extension("SIZE")
		c.ext.setSize(size, limit)
		return nil
	}
	return c.hello(ctx)
}

// hello says EHLO once more and reads what is offered. A relay that refuses
// it speaks HELO only and offers nothing.
func (c *Conn) hello(ctx context.Context) error {
	c.arm(ctx, c.options.Timeout)
	if err := c.write([]byte("EHLO " + c.options.HelloName + "\r\n")); err != nil {
		return &Interrupted{Stage: StageConnect, Err: err}
	}
	var offered extensions
	code, err := readLines(c.text.R, func(line []byte) { offered.offer(string(line)) })
	if err != nil {
		return &Interrupted{Stage: StageConnect, Err: err}
	}
	if code == 250 {
		c.ext = offered
	}
	return nil
}

func (x *extensions) offer(line string) {
	name, param, _ := strings.Cut(line, " ")
	switch strings.ToUpper(name) {
	case "PIPELINING":
		x.pipelining = true
	case "8BITMIME":
		x.eightBit = true
	case "SMTPUTF8":
		x.utf8 = true
	case "SIZE":
		x.setSize(true, param)
	}
}

func (x *extensions) setSize(offered bool, limit string) {
	x.size = offered
	if n, err := strconv.ParseInt(strings.TrimSpace(limit), 10, 64); offered && err == nil && n > 0 {
		x.maxSize = n
	}
}
