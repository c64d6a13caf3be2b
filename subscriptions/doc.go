// Package subscriptions says who asked for what, and how often. Its root holds
// subscribers, subscriptions, their states and schedules, the consent that
// stands behind them, and the signed links by which somebody without an account
// confirms, manages and leaves.
//
// The root is pure: no clock, no database, no sockets. Below it, store keeps the
// rows and web serves the pages.
package subscriptions
