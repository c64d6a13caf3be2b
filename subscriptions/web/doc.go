// Package web serves the pages on which people search, subscribe, confirm, manage
// and leave, in German and English, without accounts, cookies or a need for
// JavaScript.
//
// GET and HEAD change nothing, since mail scanners follow links; what changes
// something is a POST. The package sends no mail itself: it asks for one in the
// transaction that makes it due. It logs no address, token or visitor. cmd builds
// a Site and mounts its Handler.
package web
