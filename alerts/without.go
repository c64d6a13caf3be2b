package alerts

// Without is c with one criterion let go: what else there would be without the
// pay limit. ok is false when c does not ask for that criterion, or for nothing
// else, so that everything would match. c must have been prepared, and the result
// is; the two share what neither may change.
func (c *Criteria) Without(x Criterion) (rest Criteria, ok bool) {
	if !c.prepared || !c.asks(x) {
		return Criteria{}, false
	}
	rest = *c
	switch x {
	case ByQuery:
		rest.Query, rest.query = "", Criteria{}.query
	case ByPlace:
		rest.Places, rest.States, rest.Countries = nil, nil, nil
	case ByRemote:
		rest.Remote = RemoteInclude
	case BySalary:
		rest.Salary, rest.SalaryUnknown, rest.yearly = nil, "", 0
	case ByType:
		rest.EmploymentTypes = nil
	case ByEmployer:
		rest.Employers, rest.NotEmployers, rest.employers, rest.notEmployers = nil, nil, nil, nil
	case ByAgency:
		rest.NoAgencies = false
	case ByLanguage:
		rest.Languages = nil
	case BySource:
		rest.Sources = nil
	}
	return rest, len(rest.Asked()) > 0
}

// allCriteria are in the order in which reasons are given.
var allCriteria = [...]Criterion{ByQuery, ByPlace, ByRemote, BySalary, ByType, ByEmployer, ByAgency, ByLanguage, BySource}

// Asked lists the criteria that are given, in the order of Explain's reasons.
func (c *Criteria) Asked() []Criterion {
	var asked []Criterion
	for _, x := range allCriteria {
		if c.asks(x) {
			asked = append(asked, x)
		}
	}
	return asked
}

func (c *Criteria) asks(x Criterion) bool {
	switch x {
	case ByQuery:
		return !c.query.IsZero()
	case ByPlace:
		return c.HasPlace()
	case ByRemote:
		return c.RemoteRule() != RemoteInclude
	case BySalary:
		return c.Salary != nil
	case ByType:
		return len(c.EmploymentTypes) > 0
	case ByEmployer:
		return len(c.employers)+len(c.notEmployers) > 0
	case ByAgency:
		return c.NoAgencies
	case ByLanguage:
		return len(c.Languages) > 0
	case BySource:
		return len(c.Sources) > 0
	}
	return false
}
