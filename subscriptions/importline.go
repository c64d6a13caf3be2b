package subscriptions

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jobalertd/jobalertd/alerts"
)

// ImportRules are what an import line is read by.
type ImportRules struct {
	Meaning  *alerts.Meaning
	Calendar *Calendar // of the operator's cadences; nil: there are none, and zones are read for each line
	Timezone string    // for lines that name none
	Now      time.Time // a consent later than this is a fault
}

// Codes of faults that only import lines have; the others are those of criteria.
const (
	FaultSyntax  alerts.FaultCode = "syntax"  // not JSON, or not of the field's type
	FaultUnknown alerts.FaultCode = "unknown" // no field is called this
	FaultMissing alerts.FaultCode = "missing" // the field is required
	FaultAddress alerts.FaultCode = "address" // not an address we can write to
)

// maxImportLine bounds one line; the longest sensible one has a tenth of it.
const maxImportLine = 64 << 10

// importLine is the JSON form: the criteria's fields beside those of the rest.
type importLine struct {
	alerts.Criteria
	Email       string        `json:"email"`
	Label       string        `json:"label"`
	Frequency   Frequency     `json:"frequency"`
	Hour        *int          `json:"hour"`
	Weekday     string        `json:"weekday"`
	Timezone    string        `json:"timezone"`
	MaxPostings int           `json:"max_postings"`
	Overflow    Overflow      `json:"overflow"`
	Locale      string        `json:"locale"`
	ConfirmedAt *time.Time    `json:"confirmed_at"`
	Consent     importConsent `json:"consent"`
}

type importConsent struct {
	Text    string `json:"text"`
	Wording string `json:"wording"`
	Source  string `json:"source"`
}

// DecodeImportLine reads one line of an import file. All fields but email and
// one criterion are optional. What is wrong comes back as an
// *alerts.CriteriaError with every fault, by field.
func DecodeImportLine(line []byte, rules ImportRules) (Import, error) {
	unreadable := func(message string) (Import, error) {
		return Import{}, &alerts.CriteriaError{Faults: []alerts.Fault{{Code: FaultSyntax, Message: message}}}
	}
	line = bytes.TrimSpace(line)
	if len(line) > maxImportLine {
		return unreadable(fmt.Sprintf("the line is longer than %d bytes", maxImportLine))
	}
	in, faults, ok := parseImportLine(line)
	if !ok {
		return unreadable("the line is not one JSON object")
	}
	if rules.Calendar == nil {
		rules.Calendar = NewCalendar(nil)
	}
	r := importReader{rules: rules, in: in, faults: faults}
	made := r.read()
	if len(r.faults) > 0 {
		return Import{}, &alerts.CriteriaError{Faults: r.faults}
	}
	return made, nil
}

// parseImportLine decodes a good line at once, and a bad one field by field, so
// that each fault names its field. It is false for what is no JSON object.
func parseImportLine(line []byte) (importLine, []alerts.Fault, bool) {
	var in importLine
	if len(line) == 0 || line[0] != '{' {
		return in, nil, false
	}
	if strict(line, &in) == nil {
		return in, nil, true
	}
	var fields map[string]json.RawMessage
	if strict(line, &fields) != nil {
		return in, nil, false
	}
	in = importLine{}
	var faults []alerts.Fault
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		one, err := json.Marshal(map[string]json.RawMessage{name: fields[name]})
		if err == nil {
			err = strict(one, &in)
		}
		if err != nil {
			faults = append(faults, syntaxFault(name, err))
		}
	}
	return in, faults, true
}

func strict(line []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one value")
	}
	return nil
}

func syntaxFault(name string, err error) alerts.Fault {
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrong):
		field := wrong.Field
		if field == "" {
			field = name
		}
		return alerts.Fault{Field: strings.TrimPrefix(field, "Criteria."), Code: FaultSyntax, Message: fmt.Sprintf("must not be a JSON %s", wrong.Value)}
	case strings.Contains(err.Error(), "unknown field"):
		return alerts.Fault{Field: name, Code: FaultUnknown, Message: "no field of an import line is called this"}
	}
	return alerts.Fault{Field: name, Code: FaultSyntax, Message: "cannot be read"}
}

type importReader struct {
	rules  ImportRules
	in     importLine
	faults []alerts.Fault
}

func (r *importReader) fault(field string, code alerts.FaultCode, value, format string, args ...any) {
	r.faults = append(r.faults, alerts.Fault{Field: field, Code: code, Value: value, Message: fmt.Sprintf(format, args...)})
}

func (r *importReader) read() Import {
	in := r.in
	made := Import{
		Email:  r.email(),
		Locale: r.locale(),
		Wish: Wish{Criteria: in.Criteria, Label: strings.TrimSpace(in.Label), Schedule: r.schedule(),
			MaxPostings: in.MaxPostings, Overflow: in.Overflow},
		How: Circumstances{TextVersion: in.Consent.Text, Wording: in.Consent.Wording, Source: in.Consent.Source},
	}
	if in.ConfirmedAt != nil {
		made.ConfirmedAt = in.ConfirmedAt.UTC()
		if made.ConfirmedAt.Unix() <= 0 || made.ConfirmedAt.After(r.rules.Now) {
			r.fault("confirmed_at", alerts.FaultRange, in.ConfirmedAt.Format(time.RFC3339), "lies in the future or before 1970")
		}
	}
	if made.How.Source == "" {
		made.How.Source = "import"
	}
	r.limits(&made.Wish)
	var wrong *alerts.CriteriaError
	if err := r.rules.Meaning.Prepare(&made.Wish.Criteria); errors.As(err, &wrong) {
		r.faults = append(r.faults, wrong.Faults...)
	}
	return made
}

func (r *importReader) email() string {
	if strings.TrimSpace(r.in.Email) == "" {
		r.fault("email", FaultMissing, "", "is required")
		return ""
	}
	address, err := ParseAddress(r.in.Email)
	if err != nil {
		r.fault("email", FaultAddress, r.in.Email, "is not an e-mail address")
	}
	return address
}

func (r *importReader) locale() string {
	switch r.in.Locale {
	case "":
		return "de"
	case "de", "en":
		return r.in.Locale
	}
	r.fault("locale", alerts.FaultUnknownValue, r.in.Locale, "must be de or en")
	return "de"
}

func (r *importReader) schedule() Schedule {
	in := r.in
	s := Schedule{Frequency: Daily, Hour: 7, Weekday: time.Monday, Timezone: r.rules.Timezone}
	if in.Frequency != "" {
		s.Frequency = in.Frequency
	}
	if in.Hour != nil {
		s.Hour = *in.Hour
	}
	if in.Weekday != "" {
		day, ok := ParseWeekday(in.Weekday)
		if !ok {
			r.fault("weekday", alerts.FaultUnknownValue, in.Weekday, "must be monday … sunday")
		}
		s.Weekday = day
	}
	if in.Timezone != "" {
		s.Timezone = in.Timezone
	}
	if s.Hour < 0 || s.Hour > 23 {
		r.fault("hour", alerts.FaultRange, fmt.Sprint(s.Hour), "must lie between 0 and 23")
	}
	if _, err := r.rules.Calendar.zone(s.Timezone); err != nil {
		r.fault("timezone", alerts.FaultUnknownValue, s.Timezone, "must be an IANA name such as Europe/Berlin")
	}
	if _, err := s.line(r.rules.Calendar.cadences); s.Frequency != Instant && err != nil {
		r.fault("frequency", alerts.FaultUnknownValue, string(s.Frequency), "must be instant, daily, weekly or a cadence of this installation")
	}
	return s
}

func (r *importReader) limits(w *Wish) {
	if utf8.RuneCountInString(w.Label) > MaxLabel || strings.ContainsAny(w.Label, "\r\n\x00") {
		r.fault("label", alerts.FaultRange, "", "must be one line of at most %d characters", MaxLabel)
	}
	if w.MaxPostings < 0 || w.MaxPostings > MaxPostings {
		r.fault("max_postings", alerts.FaultRange, fmt.Sprint(w.MaxPostings), "must lie between 0 and %d", MaxPostings)
	}
	switch w.Overflow {
	case Count, Defer:
	case "":
		w.Overflow = Count
	default:
		r.fault("overflow", alerts.FaultUnknownValue, string(w.Overflow), "must be count or defer")
	}
}
