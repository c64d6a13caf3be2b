// Package text says what words mean when a job seeker's query meets a posting:
// it analyses both in the same way, parses queries, and decides whether and
// why a query holds for a posting.
//
// German and English are known. Gender marks and tags are taken off, umlauts
// and ß folded, words inflected back by stemmers, German compounds taken
// apart by a vocabulary, synonyms and abbreviations followed, and words that
// mean something else in company told from the same words alone (sense.go).
// The vocabulary is data: embedded lists plus an operator's file, under one hash.
//
// The package is pure: no files, no clock, no goroutines. An Analyser never
// learns, so a text has one analysis for as long as the hash stays the same.
// It is called by the root of alerts (criteria), by the percolation index,
// by the archive's search, and by the commands that explain matching.
package text
