package pay

import (
	"strconv"
	"strings"
)

// scanNumber reads the number whose first digit stands at i, in any of the
// notations 3200, 3.200, 3,200, 3 200, 3'200 with decimals after the other
// sign, and swallows the dash of "3.200,-". The meaning of a single sign is
// told by the digits after it: three make thousands, one or two decimals.
func scanNumber(s string, i int) token {
	t := token{kind: kNumber, start: i}
	j := digits(s, i)
	first := j - i
	var group string
	if first <= 3 && s[i] != '0' {
		j, group = grouped(s, j)
	}
	whole := j
	t.whole, t.bare = true, group == ""
	if frac := decimals(s, j, group); frac > j {
		t.whole, t.bare = false, false
		j = frac
	}
	t.odd = s[i] == '0' && first > 1 || whole-i > 12
	if end := date(s, i); end > j {
		j, t.odd = end, true
	}
	t.num = value(s[i:whole], s[whole:j], t.odd)
	t.end = priceDash(s, j, t.whole)
	return t
}

func digits(s string, i int) int {
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	return i
}

// separators are the signs that group thousands, longest first where they share
// a beginning.
var separators = [...]string{".", ",", "'", "’", "‘", "´", "`", "\u00a0", "\u202f", "\u2009", " "}

// grouped returns the end of the groups of three digits that follow j and the
// sign between them, empty if there are none.
func grouped(s string, j int) (end int, sign string) {
	for _, sep := range separators {
		end := j
		for strings.HasPrefix(s[end:], sep) {
			k := end + len(sep)
			if digits(s, k) != k+3 {
				break
			}
			end = k + 3
		}
		if end > j {
			return end, sep
		}
	}
	return j, ""
}

// decimals returns the end of one or two decimals at j, or j.
func decimals(s string, j int, group string) int {
	if j >= len(s) || s[j] != '.' && s[j] != ',' || s[j:j+1] == group {
		return j
	}
	end := digits(s, j+1)
	if n := end - j - 1; n < 1 || n > 2 {
		return j
	}
	return end
}

// date returns the end of a date such as 1.4.2026 at i, or i.
func date(s string, i int) int {
	for part := range 2 {
		j := digits(s, i)
		if j == i || j > i+2 || j >= len(s) || s[j] != '.' {
			return -1
		}
		i = j + 1
		if part == 1 {
			break
		}
	}
	j := digits(s, i)
	if n := j - i; n != 2 && n != 4 {
		return -1
	}
	return j
}

// priceDash returns the end of the dash that stands for no cents, as in
// "3.200,-", "3.200,–" and "6'500.-", or j.
func priceDash(s string, j int, whole bool) int {
	if !whole || j >= len(s) || s[j] != ',' && s[j] != '.' {
		return j
	}
	k := j + 1
	for {
		switch {
		case strings.HasPrefix(s[k:], "-"):
			k++
		case strings.HasPrefix(s[k:], "–"), strings.HasPrefix(s[k:], "—"), strings.HasPrefix(s[k:], "−"):
			k += len("–")
		default:
			if k == j+1 || digits(s, k) > k {
				return j
			}
			return k
		}
	}
}

// value returns the number written as whole, whose signs only group, and frac,
// which begins with the decimal sign.
func value(whole, frac string, odd bool) float64 {
	if odd {
		return 0
	}
	var buf [24]byte
	b := buf[:0]
	for k := range len(whole) {
		if c := whole[k]; c >= '0' && c <= '9' && len(b) < 14 {
			b = append(b, c)
		}
	}
	if len(frac) > 1 {
		b = append(append(b, '.'), frac[1:]...)
	}
	v, err := strconv.ParseFloat(string(b), 64)
	if err != nil {
		return 0
	}
	return v
}
