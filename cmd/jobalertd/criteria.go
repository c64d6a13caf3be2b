package main

import (
	"fmt"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/pay"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// criteriaFlags are the flags that say what a posting must satisfy.
type criteriaFlags struct {
	Query          string   `help:"Words (all required), \"a phrase\", a OR b, -without, title:word." placeholder:"WORDS"`
	Place          []string `help:"Town or postcode; repeat for alternatives." placeholder:"NAME|POSTCODE" sep:"none"`
	Radius         float64  `help:"Kilometres around each place." default:"25" placeholder:"KM"`
	State          []string `help:"State, by name or ISO 3166-2 code." placeholder:"STATE"`
	Remote         string   `help:"Remote postings: include, only or exclude." enum:"include,only,exclude" default:"include"`
	Salary         string   `help:"Least pay, gross." placeholder:"\"3500 EUR/month\""`
	SalaryUnknown  string   `help:"Postings that do not state pay: take, drop or mark." enum:"take,drop,mark" default:"take"`
	EmploymentType []string `help:"FULL_TIME, PART_TIME, CONTRACTOR, TEMPORARY, INTERN, VOLUNTEER, PER_DIEM, OTHER." placeholder:"TYPE"`
	Employer       []string `help:"Only this employer; repeat for alternatives." sep:"none" placeholder:"NAME"`
	NotEmployer    []string `help:"Not this employer." sep:"none" placeholder:"NAME"`
	NoAgencies     bool     `help:"Leave out agencies and temporary work."`
	Language       []string `help:"Language of the posting, such as de." placeholder:"CODE"`
	Source         []string `help:"Only postings of this source." placeholder:"SOURCE" name:"source"`
}

// criteria makes prepared criteria of the flags.
func (f *criteriaFlags) criteria(m *alerts.Meaning) (alerts.Criteria, error) {
	c := alerts.Criteria{
		Query: f.Query, States: f.State, Remote: alerts.RemotePolicy(f.Remote), SalaryUnknown: alerts.UnknownPay(f.SalaryUnknown),
		Employers: f.Employer, NotEmployers: f.NotEmployer, NoAgencies: f.NoAgencies, Languages: f.Language, Sources: f.Source,
	}
	for _, p := range f.Place {
		radius := f.Radius
		c.Places = append(c.Places, alerts.Place{Name: p, RadiusKM: &radius})
	}
	for _, t := range f.EmploymentType {
		c.EmploymentTypes = append(c.EmploymentTypes, alerts.EmploymentType(t))
	}
	if f.Salary != "" {
		amount, currency, unit, err := pay.ParseWish(f.Salary)
		if err != nil {
			return c, usagef("--salary %q: %v; write it like \"3500 EUR/month\"", f.Salary, err)
		}
		c.Salary = &alerts.Salary{Min: amount, Currency: currency, Unit: string(unit)}
	}
	if err := m.Prepare(&c); err != nil {
		return c, usageError{fmt.Sprintf("criteria: %v", err)}
	}
	return c, nil
}

// scheduleFlags are the flags that say how often.
type scheduleFlags struct {
	Frequency string `help:"instant, daily, weekly, or a cadence of the settings." default:"daily"`
	Hour      int    `help:"Local hour of daily and weekly mails." default:"7"`
	Weekday   string `help:"Day of weekly mails." default:"monday"`
	Timezone  string `help:"IANA time zone; digest.timezone if empty." placeholder:"ZONE"`
	Locale    string `help:"Language of mails: de or en." enum:"de,en" default:"de"`
}

func (f *scheduleFlags) schedule(standardZone string, cadences subscriptions.Cadences) (subscriptions.Schedule, error) {
	day, ok := subscriptions.ParseWeekday(f.Weekday)
	if !ok {
		return subscriptions.Schedule{}, usagef("--weekday %q is not a day of the week, such as monday", f.Weekday)
	}
	s := subscriptions.Schedule{Frequency: subscriptions.Frequency(f.Frequency), Hour: f.Hour, Weekday: day, Timezone: f.Timezone}
	if s.Timezone == "" {
		s.Timezone = standardZone
	}
	if err := s.Check(cadences); err != nil {
		return s, usageError{err.Error()}
	}
	return s, nil
}
