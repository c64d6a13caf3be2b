// Package pay reads what pay a text states and brings it to gross a year.
//
// It knows German, Austrian, Swiss and English notations ("3.200 €–3.800 €
// brutto/Monat", "45-55k", "ab CHF 6'500", "E 11 TVöD") and names whatever it
// had to assume: hours a week, salaries a year, a dated pay table. It never
// guesses pay that a text does not state, never converts currencies, keeps no
// state and does no I/O. Readers of postings call Parse and Normalise, the
// criteria call ParseWish, and whoever shows pay calls Format.
package pay
