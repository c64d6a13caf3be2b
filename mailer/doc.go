// Package mailer says what is sent, and what came of it. Its root holds
// envelopes with their states and outcomes, the retry policy, and the typed
// contents that mails are composed from.
//
// The root is pure. Below it, digest decides what a subscriber gets, compose
// turns that into bytes, outbox claims and records envelopes, smtp and capture
// carry them, suppression remembers who must not be written to, and inbound
// reads what comes back.
package mailer
