package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// postfix is a mail server of its own, with the login of a dovecot of its own,
// in a private folder: Debian's binaries, no settings of the machine's.
type postfix struct {
	t   testing.TB
	dir string

	submission string // STARTTLS and login required, takes what it cannot deliver
	small      string // the same, for mails of up to a few bytes
	strict     string // the same, but it refuses addresses that do not exist
	ca         string // PEM file of the authority that signed its certificate
}

// What its submission asks for.
const (
	postfixUser     = "alerts"
	postfixPassword = "correct horse"
)

// Where Debian keeps what is not on the path.
const (
	postfixDaemons = "/usr/lib/postfix/sbin"
	postfixControl = "/usr/sbin/postfix"
	dovecotDaemon  = "/usr/sbin/dovecot"
)

// startPostfix starts one that delivers mails for example.org into folders, and
// those for jobs.example.org to the address given. Of example.org's addresses
// ada has a folder, full is over quota, slow cannot be delivered to now, and the
// others do not exist.
func startPostfix(t *testing.T, back string) *postfix {
	t.Helper()
	for _, path := range []string{postfixControl, dovecotDaemon, filepath.Join(postfixDaemons, "master")} {
		if _, err := os.Stat(path); err != nil {
			lacking(t, "postfix", path+" is not there: a real mail server needs Debian's postfix and dovecot-core")
		}
	}
	if os.Getuid() != 0 {
		lacking(t, "postfix", "Postfix starts as root only")
	}
	dir, err := os.MkdirTemp("", "postfix-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	p := &postfix{t: t, dir: dir, submission: steadyAddress(t), small: steadyAddress(t), strict: steadyAddress(t), ca: filepath.Join(dir, "ca.pem")}
	for path, mode := range map[string]os.FileMode{".": 0o755, "etc": 0o755, "queue": 0o755, "data": 0o700, "mail": 0o755, "run": 0o755} {
		p.must(os.MkdirAll(filepath.Join(dir, path), mode))
		p.must(os.Chmod(filepath.Join(dir, path), mode))
	}
	p.watch()
	p.own("data", "postfix")
	p.own("mail", "nobody")
	p.certificate()
	p.write("etc/main.cf", p.mainSettings(back))
	p.write("etc/master.cf", p.services())
	p.write("dovecot.conf", p.dovecotSettings())
	p.write("users", postfixUser+":{PLAIN}"+postfixPassword+"\n")
	p.run(dovecotDaemon, "-F", "-c", filepath.Join(dir, "dovecot.conf"))
	eventually(t, 20*time.Second, "dovecot listens for logins", func() bool {
		_, err := os.Stat(filepath.Join(dir, "run/login"))
		return err == nil
	})
	p.run(postfixControl, "-c", filepath.Join(dir, "etc"), "start-fg")
	t.Cleanup(func() {
		if t.Failed() {
			log, _ := os.ReadFile(filepath.Join(dir, "log"))
			t.Logf("Postfix's log:\n%s", log)
		}
	})
	for _, address := range []string{p.submission, p.small, p.strict} {
		eventually(t, 30*time.Second, "postfix listens", func() bool {
			conn, err := net.Dial("tcp", address)
			if err == nil {
				_ = conn.Close()
			}
			return err == nil
		})
	}
	return p
}

func (p *postfix) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *postfix) write(name, text string) {
	p.t.Helper()
	p.must(os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o644))
}

func (p *postfix) own(name, account string) {
	p.t.Helper()
	u, err := user.Lookup(account)
	p.must(err)
	id, err := strconv.Atoi(u.Uid)
	p.must(err)
	p.must(os.Chown(filepath.Join(p.dir, name), id, -1))
}

// whenTestsEnd stops the daemons of the folder $1 once standard input ends, which it
// does with the process that holds the other end, however that ended.
const whenTestsEnd = `trap '' INT TERM HUP
cat >/dev/null
` + postfixControl + ` -c "$1/etc" abort
kill "$(cat "$1/run/dovecot/master.pid")"
rm -rf "$1"
`

// watch sees to it that the daemons do not outlive tests that are killed.
func (p *postfix) watch() {
	p.t.Helper()
	cmd := exec.CommandContext(context.Background(), "/bin/sh", "-c", whenTestsEnd, "sh", p.dir)
	stdin, err := cmd.StdinPipe()
	p.must(err)
	p.must(cmd.Start())
	p.t.Cleanup(func() { // they have been stopped in order
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = stdin.Close()
	})
}

// run starts a daemon in the foreground; it ends with the test. Its output goes
// to a file: children that outlive it would keep a pipe open.
func (p *postfix) run(name string, args ...string) {
	p.t.Helper()
	out, err := os.Create(filepath.Join(p.dir, filepath.Base(name)+".out"))
	p.must(err)
	cmd := exec.CommandContext(context.Background(), name, args...)
	cmd.Stdout, cmd.Stderr = out, out
	p.must(cmd.Start())
	p.t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		if name == postfixControl {
			_ = exec.CommandContext(context.Background(), name, "-c", filepath.Join(p.dir, "etc"), "abort").Run()
		}
		done := make(chan struct{})
		go func() { _ = cmd.Wait(); close(done) }()
		select {
		case <-done:
		case <-time.After(10 * time.Second):
			_ = cmd.Process.Kill()
			<-done
		}
		_ = out.Close()
		if p.t.Failed() {
			said, _ := os.ReadFile(out.Name())
			p.t.Logf("%s:\n%s", name, said)
		}
	})
}

// certificate makes one for 127.0.0.1 that signs itself.
func (p *postfix) certificate() {
	p.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	p.must(err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "relay.example.org"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	p.must(err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	p.must(err)
	p.write("ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	p.write("key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})))
}

func (p *postfix) mainSettings(back string) string {
	return strings.ReplaceAll(fmt.Sprintf(`compatibility_level = 3.6
queue_directory = DIR/queue
data_directory = DIR/data
command_directory = /usr/sbin
daemon_directory = %s
mail_owner = postfix
setgid_group = postdrop
maillog_file = DIR/log
maillog_file_prefixes = DIR
myhostname = relay.example.org
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.2/32
alias_maps =
alias_database =
local_recipient_maps =
smtp_dns_support_level = disabled
smtp_tls_security_level = none
virtual_mailbox_domains = example.org
virtual_mailbox_base = DIR/mail
virtual_mailbox_maps = inline:{{ada@example.org = ada/}, {full@example.org = full/}, {slow@example.org = slow/}}
virtual_minimum_uid = 1
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
transport_maps = inline:{{full@example.org = error:5.2.2 user is over quota}, {slow@example.org = retry:4.2.2 user is over quota}, {jobs.example.org = smtp:[127.0.0.1]:%s}}
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = DIR/run/login
smtpd_tls_security_level = encrypt
smtpd_tls_auth_only = yes
smtpd_tls_cert_file = DIR/ca.pem
smtpd_tls_key_file = DIR/key.pem
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_reject_unlisted_recipient = no
delay_warning_time = 1s
queue_run_delay = 2s
minimal_backoff_time = 2s
maximal_backoff_time = 2s
`, postfixDaemons, port(back)), "DIR", p.dir)
}

func port(address string) string {
	_, port, _ := net.SplitHostPort(address)
	return port
}

// services are master.cf's: nothing runs in a chroot.
func (p *postfix) services() string {
	return fmt.Sprintf(`%s inet n - n - - smtpd
%s inet n - n - - smtpd -o message_size_limit=1000
%s inet n - n - - smtpd -o smtpd_reject_unlisted_recipient=yes
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`, p.submission, p.small, p.strict)
}

func (p *postfix) dovecotSettings() string {
	return strings.ReplaceAll(`base_dir = DIR/run/dovecot
state_dir = DIR/run/state
log_path = DIR/dovecot.log
protocols =
ssl = no
auth_mechanisms = plain login
passdb {
  driver = passwd-file
  args = DIR/users
}
userdb {
  driver = static
  args = uid=nobody gid=nogroup home=/nonexistent
}
service auth {
  unix_listener DIR/run/login {
    mode = 0666
  }
}
`, "DIR", p.dir)
}

// delivered are the mails in somebody's folder.
func (p *postfix) delivered(who string) [][]byte {
	p.t.Helper()
	names, err := filepath.Glob(filepath.Join(p.dir, "mail", who, "new", "*"))
	p.must(err)
	var mails [][]byte
	for _, name := range names {
		raw, err := os.ReadFile(name)
		p.must(err)
		mails = append(mails, bytes.ReplaceAll(raw, []byte("\n"), []byte("\r\n")))
	}
	return mails
}
