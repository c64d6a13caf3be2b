package compose

import (
	"fmt"
	"time"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/mailer"
)

// tryOut composes a mail of each kind and language, so that a template which does
// not run is found at start and not when a mail is due.
func (c *Composer) tryOut() error {
	at := time.Unix(0, 0).UTC()
	const url = "https://example.org/a"
	for _, locale := range locales {
		h := mailer.Headers{To: "a@example.org", Locale: locale, MessageID: "try-out@example.org", Date: at, OneClick: url}
		p := mailer.DigestPosting{Posting: &alerts.Posting{Title: "A"}, URL: url, Why: []string{"B"}, AlsoFits: []int{1}, Sources: []string{"a", "b"}}
		a := mailer.DigestAlert{Name: "C", Frequency: "D", UnsubscribeURL: url}
		_, err := c.Digest(mailer.DigestContent{Headers: h, Kind: mailer.Digest, Alerts: []mailer.DigestAlert{a, a}, Postings: []mailer.DigestPosting{p, p},
			Counted: 2, Deferred: 2, Closed: 2, MoreURL: url, ManageURL: url})
		if err != nil {
			return fmt.Errorf("try out the templates of digests: %w", err)
		}
		for _, byMail := range []bool{false, true} {
			_, err = c.Confirmation(mailer.ConfirmationContent{Headers: h, AlertName: "C", Frequency: "D", ConfirmURL: url, ValidUntil: at, SignedUpAt: at, ByMail: byMail})
			if err != nil {
				return fmt.Errorf("try out the templates of confirmations: %w", err)
			}
		}
		for kind := range accountTexts {
			if _, err := c.Account(mailer.AccountContent{Headers: h, Kind: kind, ManageURL: url, ActionURL: url, AlertName: "C"}); err != nil {
				return fmt.Errorf("try out the templates of account mails: %w", err)
			}
		}
		for finding := range checkupSubjects {
			_, err := c.Checkup(mailer.CheckupContent{Headers: h, AlertName: "C", Frequency: "D", EditURL: url, WiderURL: url, UnsubscribeURL: url,
				Checkup: mailer.Checkup{Finding: finding, Since: at, Mails: 2, Postings: 2, Dismissed: 2, Wider: 2, WiderKM: 50, SilentDays: 60}})
			if err != nil {
				return fmt.Errorf("try out the templates of checkups: %w", err)
			}
		}
	}
	return nil
}
