package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// exported is what a subscriber gets of herself as JSON. What she asked for is named
// as in an import line, which wants her address and fewer fields besides.
type exported struct {
	ExportedAt    time.Time                 `json:"exported_at"`
	Email         string                    `json:"email"`
	Locale        string                    `json:"locale"`
	Since         time.Time                 `json:"since"`
	Subscriptions []exportedSubscription    `json:"subscriptions"`
	Consents      []subscriptions.Consent   `json:"consents"`
	Dismissed     []subscriptions.Dismissal `json:"dismissed,omitempty"`
	Separated     []exportedSeparation      `json:"separated,omitempty"`
	Mails         []exportedMail            `json:"mails"`
}

// exportedSeparation is two postings that she says are two jobs.
type exportedSeparation struct {
	At       time.Time `json:"at"`
	Postings []string  `json:"postings"` // their pages
}

// exportedMail is one digest, as long as it is kept.
type exportedMail struct {
	At       time.Time `json:"at"`
	Postings []string  `json:"postings"` // their pages
}

type exportedSubscription struct {
	alerts.Criteria
	Number      uint32     `json:"number"`
	Label       string     `json:"label,omitempty"`
	Frequency   string     `json:"frequency"`
	Hour        int        `json:"hour"`
	Weekday     string     `json:"weekday"`
	Timezone    string     `json:"timezone"`
	MaxPostings int        `json:"max_postings,omitempty"`
	Overflow    string     `json:"overflow"`
	State       string     `json:"state"`
	EndedReason string     `json:"ended_reason,omitempty"`
	CreatedAt   time.Time  `json:"created_at"`
	ConfirmedAt *time.Time `json:"confirmed_at,omitempty"`
	PausedUntil *time.Time `json:"paused_until,omitempty"`
	EndedAt     *time.Time `json:"ended_at,omitempty"`
	NextMail    *time.Time `json:"next_mail_at,omitempty"`
}

func (s *Site) export(w http.ResponseWriter, r *http.Request) error {
	b, err := s.bearer(r, subscriptions.ToManage)
	if err != nil {
		return err
	}
	all, err := s.Store.Export(r.Context(), s.Reader, b.subscriber.ID)
	if err != nil {
		return fmt.Errorf("export a subscriber: %w", err)
	}
	out := exported{ExportedAt: s.Now().UTC(), Email: all.Subscriber.Email, Locale: all.Subscriber.Locale, Since: all.Subscriber.Created, Consents: all.Consents, Dismissed: all.Dismissed}
	for i := range all.Subscriptions {
		out.Subscriptions = append(out.Subscriptions, exportOf(&all.Subscriptions[i]))
	}
	if out.Separated, err = s.exportSeparations(r.Context(), b.subscriber.ID); err != nil {
		return err
	}
	if out.Mails, err = s.exportMails(r.Context(), b.subscriber.ID); err != nil {
		return err
	}
	body, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		return fmt.Errorf("write an export: %w", err)
	}
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="job-alerts.json"`)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Robots-Tag", "noindex, nofollow")
	writeBody(w, r, append(body, '\n'))
	return nil
}

func (s *Site) exportSeparations(ctx context.Context, subscriber int64) ([]exportedSeparation, error) {
	if s.Separations == nil {
		return nil, nil
	}
	apart, err := s.Separations.Separated(ctx, subscriber)
	if err != nil {
		return nil, fmt.Errorf("export what was set apart: %w", err)
	}
	out := make([]exportedSeparation, len(apart))
	for i, a := range apart {
		out[i] = exportedSeparation{At: a.At, Postings: []string{s.links.Posting(a.Postings[0]), s.links.Posting(a.Postings[1])}}
	}
	return out, nil
}

func (s *Site) exportMails(ctx context.Context, subscriber int64) ([]exportedMail, error) {
	mails := []exportedMail{}
	if s.Deliveries == nil {
		return mails, nil
	}
	told, err := s.Deliveries.History(ctx, subscriber)
	if err != nil {
		return nil, fmt.Errorf("export mails: %w", err)
	}
	for _, t := range told {
		mail := exportedMail{At: t.At}
		for _, number := range t.Postings {
			mail.Postings = append(mail.Postings, s.links.Posting(number))
		}
		mails = append(mails, mail)
	}
	return mails, nil
}

func exportOf(sub *subscriptions.Subscription) exportedSubscription {
	given := func(t time.Time) *time.Time {
		if t.IsZero() {
			return nil
		}
		return &t
	}
	return exportedSubscription{Criteria: sub.Criteria, Number: sub.ID, Label: sub.Label, Frequency: string(sub.Schedule.Frequency), Hour: sub.Schedule.Hour,
		Weekday: sub.Schedule.Weekday.String(), Timezone: sub.Schedule.Timezone, MaxPostings: sub.MaxPostings, Overflow: string(sub.Overflow), State: string(sub.State), EndedReason: string(sub.EndedReason),
		CreatedAt: sub.Created, ConfirmedAt: given(sub.ConfirmedAt), PausedUntil: given(sub.PausedUntil), EndedAt: given(sub.EndedAt), NextMail: given(sub.DueAt)}
}

type consentView struct {
	Token string
	Email string
	AsOf  string
	Steps []consentStep
}

type consentStep struct {
	At, Event, Address, Source, Version, Wording, IP, MessageID string

	Subscription uint32
	Name         string // of the subscription, as it stands
}

// way is how a step came about, in words where we have some.
func (s *Site) way(source, locale string) string {
	if key := "consent.way-" + source; s.texts[key] != nil {
		return s.texts.say(locale, key)
	}
	return source
}

// consentRecord is the record of consent as a document to read and print.
func (s *Site) consentRecord(w http.ResponseWriter, r *http.Request) error {
	b, err := s.bearer(r, subscriptions.ToManage)
	if err != nil {
		return err
	}
	all, err := s.Store.Export(r.Context(), s.Reader, b.subscriber.ID)
	if err != nil {
		return fmt.Errorf("read the record of consent: %w", err)
	}
	v := s.ownView(r, b, "consent.title", nil)
	data := consentView{Token: b.token, Email: b.subscriber.Email, AsOf: exactText(s.Now().In(s.zone), v.Lang)}
	names := map[uint32]string{}
	for i := range all.Subscriptions {
		names[all.Subscriptions[i].ID] = all.Subscriptions[i].Name(s.Meaning, v.Lang)
	}
	for _, c := range all.Consents {
		data.Steps = append(data.Steps, consentStep{At: exactText(c.At.In(s.zone), v.Lang), Address: c.Address, Name: names[c.Subscription], Event: s.texts.say(v.Lang, "consent.event-"+string(c.Event)), Source: s.way(c.Source, v.Lang),
			Version: c.TextVersion, Wording: c.Wording, IP: c.IP, MessageID: c.MessageID, Subscription: c.Subscription})
	}
	v.Data = data
	return s.render(w, r, http.StatusOK, "consent", v)
}
