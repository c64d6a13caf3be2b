// Package percolate finds, among very many stored criteria, those that one
// posting satisfies. An Index answers exactly what alerts.Criteria.Matches would
// say of each subscription, without asking it.
//
// What subscriptions ask for is made of conditions that many of them share: a
// word as asked, a phrase, an excluded word, an employer, a set of places. Each
// of these units has a number. A posting is met in two steps: its terms lead to
// the units that may hold, each of which is decided once, by the functions that
// Criteria.Matches decides it by; then what is filed under the units that hold is
// read. A subscription is a record of 24 bytes: a further unit, a circle, a wish
// for pay, employment types, flags, and, where that is not enough, a few words of
// extras. Records filed under one unit, the rarest that they require, lie side by
// side, and nothing else has to be touched to decide them. Criteria are not kept.
//
// What has been built stays as it is: changes go to overlays, with their
// criteria, and to tombstones, until Fold makes a small base of them and Merge one
// of everything. Readers take no lock and never wait.
//
// The package is pure, except that Load builds on all cores (docs/adr/0013). Intake percolates and applies changes; the daemon calls
// Fold and Merge from a goroutine of its own. docs/adr/0012 has the layout and what else
// was tried.
package percolate
