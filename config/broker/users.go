package broker

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/nats-io/nats-server/v2/server"
	"golang.org/x/crypto/bcrypt"
)

// operator is the user of the daemon itself and of commands beside it. No
// source can be called so.
const operator = "OPERATOR"

var sourceForm = regexp.MustCompile(`^[a-z0-9-]{1,64}$`)

// User is a recruiter's login at the embedded server.
type User struct {
	// Source is the token of the recruiter's subjects, [a-z0-9-]+, and the
	// user name.
	Source string
	// PasswordHash is the password's bcrypt hash, as NewPassword makes it.
	PasswordHash string
}

// NewPassword returns a random password of 26 characters and its bcrypt hash.
// Its 128 bits cannot be guessed however cheap one guess is, so the hash has
// the lowest cost: the server computes it at each login and, for everyone who
// is connected, at each change of users.
func NewPassword() (password, hash string, err error) {
	password = rand.Text()
	h, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		return "", "", fmt.Errorf("hash a password: %w", err)
	}
	return password, string(h), nil
}

// check refuses a source that would reach beyond its own subjects, and a
// hash that the server would take for a password in the clear.
func (u User) check() error {
	if !sourceForm.MatchString(u.Source) {
		return fmt.Errorf("source %q: use 1 to 64 of a-z, 0-9 and -", u.Source)
	}
	if _, err := bcrypt.Cost([]byte(u.PasswordHash)); err != nil {
		return fmt.Errorf("source %s: password hash: %w", u.Source, err)
	}
	return nil
}

// permissions are all that a recruiter may do: publish postings of the own
// source and have them checked, read the own receipts and rejections, and
// receive answers under the own inbox prefix.
func (u User) permissions() *server.Permissions {
	return &server.Permissions{
		Publish: &server.SubjectPermission{Allow: []string{
			"postings.*." + u.Source,
			"jobalertd.postings.check." + u.Source,
		}},
		Subscribe: &server.SubjectPermission{Allow: []string{
			"receipts." + u.Source,
			"rejections." + u.Source,
			"_INBOX_" + u.Source + ".>",
		}},
	}
}

// SetUsers makes users the recruiters of the embedded server from now on.
// Connections of those who left, or whose password changed, are closed. The
// same users again cost nothing, so that a caller may follow a table. With a
// remote server it does nothing: its users are its operator's.
func (b *Broker) SetUsers(users []User) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.server == nil {
		return nil
	}
	users = sortUsers(users)
	if slices.Equal(users, b.users) {
		return nil
	}
	if err := checkUsers(users); err != nil {
		return err
	}
	opts, err := b.serverOptions(users)
	if err != nil {
		return err
	}
	if err := b.server.ReloadOptions(opts); err != nil {
		return fmt.Errorf("change the NATS users: %w", err)
	}
	b.users = users
	b.log.Info("accounts of recruiters changed", "active", len(users))
	return nil
}

func sortUsers(users []User) []User {
	return slices.SortedFunc(slices.Values(users), func(a, b User) int { return cmp.Compare(a.Source, b.Source) })
}

// checkUsers reports every fault of users, which are sorted.
func checkUsers(users []User) error {
	var faults []error
	for i, u := range users {
		faults = append(faults, u.check())
		if i > 0 && users[i-1].Source == u.Source {
			faults = append(faults, fmt.Errorf("source %s: stands twice", u.Source))
		}
	}
	return errors.Join(faults...)
}

// serverUsers is the operator and the recruiters, all in one account.
func (b *Broker) serverUsers(users []User) []*server.User {
	list := []*server.User{{Username: operator, Password: b.hash}}
	for _, u := range users {
		list = append(list, &server.User{Username: u.Source, Password: u.PasswordHash, Permissions: u.permissions()})
	}
	return list
}
