// Package percolate finds, among very many stored criteria, those that one
// posting satisfies. An Index answers exactly what alerts.Criteria.Matches would
// say of each subscription, without asking most of them.
//
// Each subscription is filed under few keys of which every posting that it can
// match has at least one: the rarest required word of its query, or, without a
// query, its employers, the cells of a grid that its places touch, its states
// and countries, or a key that all postings have. A posting looks up its own
// keys only. What is filed under one key lies side by side and carries enough of
// the criteria, in 32 bytes, to refuse nearly all that do not match without
// touching anything else; Matches decides on the rest.
//
// What has been built stays as it is: changes go to an overlay and to tombstones
// until Merge folds them in. Readers take no lock and never wait.
//
// The package is pure. Intake percolates and applies changes; the daemon calls
// Merge from a goroutine of its own.
package percolate
