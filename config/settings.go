package config

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// setting is one key of a Config.
type setting struct {
	key   string
	help  string
	value reflect.Value // addressable: setting it sets the Config
}

// settings lists every key in the order of the struct.
func (c *Config) settings() []setting {
	return appendSettings(nil, "", reflect.ValueOf(c).Elem())
}

func appendSettings(list []setting, prefix string, v reflect.Value) []setting {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		key := prefix + field.Tag.Get("koanf")
		if field.Type.Kind() == reflect.Struct {
			list = appendSettings(list, key+".", v.Field(i))
			continue
		}
		list = append(list, setting{key, field.Tag.Get("help"), v.Field(i)})
	}
	return list
}

func (s setting) secret() bool { _, ok := s.value.Interface().(Secret); return ok }
func (s setting) table() bool  { return s.value.Kind() == reflect.Map }

// set converts raw, as TOML gives it, or text, as the environment does.
func (s setting) set(raw any, fromText bool) error {
	if text, ok := raw.(string); ok && fromText {
		return s.setText(strings.TrimSpace(text))
	}
	switch dst := s.value.Addr().Interface().(type) {
	case *string, *Secret:
		text, ok := raw.(string)
		if !ok {
			return errors.New("must be text in quotes")
		}
		s.value.SetString(text)
	case *bool:
		b, ok := raw.(bool)
		if !ok {
			return errors.New("must be true or false")
		}
		*dst = b
	case *int:
		n, err := wholeNumber(raw)
		if err != nil {
			return err
		}
		*dst = n
	case *time.Duration:
		text, ok := raw.(string)
		if !ok {
			return errors.New(`must be a duration in quotes, such as "30s", "2m" or "60d"`)
		}
		return s.setText(text)
	case *[]string:
		list, ok := raw.([]any)
		if !ok {
			return errors.New(`must be a list of texts, such as ["10.0.0.0/8"]`)
		}
		texts := make([]string, len(list))
		for i, item := range list {
			if texts[i], ok = item.(string); !ok {
				return errors.New(`must be a list of texts, such as ["10.0.0.0/8"]`)
			}
		}
		*dst = texts
	case *DomainRates:
		n, err := wholeNumber(raw)
		if err != nil {
			return errors.New("must be a number for all domains, or a table of numbers by domain")
		}
		*dst = DomainRates{"*": n}
	case *map[string]string:
		return errors.New(`must be a table, such as { workdays = "0 7 * * 1-5" }`)
	}
	return nil
}

// setEntry sets one entry of a table.
func (s setting) setEntry(name string, raw any, fromText bool) error {
	if s.value.IsNil() {
		s.value.Set(reflect.MakeMap(s.value.Type()))
	}
	switch table := s.value.Interface().(type) {
	case map[string]string:
		text, ok := raw.(string)
		if !ok {
			return errors.New("must be text in quotes")
		}
		table[name] = text
	case DomainRates:
		if text, ok := raw.(string); ok && fromText {
			raw = number(text)
		}
		n, err := wholeNumber(raw)
		if err != nil {
			return err
		}
		table[name] = n
	}
	return nil
}

// setText converts from the environment's text.
func (s setting) setText(text string) error {
	switch dst := s.value.Addr().Interface().(type) {
	case *time.Duration:
		d, err := parseDuration(text)
		if err != nil {
			return err
		}
		*dst = d
	case *bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return fmt.Errorf("%q must be true or false", text)
		}
		*dst = b
	case *int:
		return s.set(number(text), false)
	case *[]string:
		*dst = nil
		for item := range strings.SplitSeq(text, ",") {
			if item = strings.TrimSpace(item); item != "" {
				*dst = append(*dst, item)
			}
		}
	case *DomainRates:
		return s.setRates(text)
	default:
		return s.set(text, false)
	}
	return nil
}

// setRates reads "300" or "gmail.com=600,*=300".
func (s setting) setRates(text string) error {
	if !strings.Contains(text, "=") {
		return s.set(number(text), false)
	}
	for item := range strings.SplitSeq(text, ",") {
		domain, rate, _ := strings.Cut(item, "=")
		if err := s.setEntry(strings.TrimSpace(domain), strings.TrimSpace(rate), true); err != nil {
			return fmt.Errorf("%q: %w", item, err)
		}
	}
	return nil
}

// number reads text as TOML would; text that is no number stays text.
func number(text string) any {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n
	}
	return text
}

func wholeNumber(raw any) (int, error) {
	n, ok := raw.(int64)
	if !ok || n > math.MaxInt32 || n < math.MinInt32 {
		return 0, errors.New("must be a whole number")
	}
	return int(n), nil
}

// parseDuration is time.ParseDuration with whole days in front: 60d, 1d12h.
func parseDuration(text string) (time.Duration, error) {
	fault := fmt.Errorf("%q must be a duration such as 30s, 2m, 12h or 60d", text)
	var days time.Duration
	rest := text
	if number, after, ok := strings.Cut(text, "d"); ok {
		n, err := strconv.ParseUint(number, 10, 16)
		if err != nil {
			return 0, fault
		}
		days, rest = time.Duration(n)*day, after
		if rest == "" {
			return days, nil
		}
	}
	d, err := time.ParseDuration(rest)
	if err != nil || d < 0 || d > math.MaxInt64-days {
		return 0, fault
	}
	return days + d, nil
}

// formatDuration writes d as parseDuration reads it: whole days as days.
func formatDuration(d time.Duration) string {
	days, rest := d/day, d%day
	text := ""
	if days > 0 {
		text = strconv.FormatInt(int64(days), 10) + "d"
	}
	if rest == 0 && text != "" {
		return text
	}
	short := rest.String()
	if strings.HasSuffix(short, "m0s") {
		short = strings.TrimSuffix(short, "0s")
	}
	if strings.HasSuffix(short, "h0m") {
		short = strings.TrimSuffix(short, "0m")
	}
	return text + short
}

// toml writes the value as it stands in a file.
func (s setting) toml() string {
	switch v := s.value.Interface().(type) {
	case time.Duration:
		return strconv.Quote(formatDuration(v))
	case []string:
		quoted := make([]string, len(v))
		for i, item := range v {
			quoted[i] = strconv.Quote(item)
		}
		return "[" + strings.Join(quoted, ", ") + "]"
	case DomainRates:
		return tomlTable(v, func(n int) string { return strconv.Itoa(n) })
	case map[string]string:
		return tomlTable(v, strconv.Quote)
	case string:
		return strconv.Quote(v)
	case Secret:
		return strconv.Quote(v.Reveal())
	}
	return fmt.Sprint(s.value.Interface())
}

func tomlTable[V any](table map[string]V, write func(V) string) string {
	var entries []string
	for _, name := range slices.Sorted(maps.Keys(table)) {
		entries = append(entries, strconv.Quote(name)+" = "+write(table[name]))
	}
	if len(entries) == 0 {
		return "{}"
	}
	return "{ " + strings.Join(entries, ", ") + " }"
}
