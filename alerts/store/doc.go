// Package store keeps postings, the match log, the analysis in force and the
// recruiters' accounts: it owns the tables postings, match_log, analysis and
// recruiters, and no other package names them. Intake writes through it inside
// its transaction; digests, pages and commands read through it. It never
// advances the clock and never opens a transaction itself but for accounts.
package store
