package text

// Term is the hash of a term's normal form, the same for query and posting.
type Term uint64

// What a term's normal form begins with, so that kinds never meet.
const (
	stemTerm  = 's' // stem of a word, a compound's part, or the end of a compound
	rootTerm  = 'r' // root shared by agent, activity and field; in titles alone
	exactTerm = '^' // abbreviation in capitals, or a word that counts only as written
)

// termOf hashes a normal form (FNV-1a, then Murmur's finaliser: the index
// takes buckets from the low bits).
func termOf(kind byte, form string) Term {
	const offset, prime = 14695981039346656037, 1099511628211
	h := (uint64(offset) ^ uint64(kind)) * prime
	for i := 0; i < len(form); i++ {
		h = (h ^ uint64(form[i])) * prime
	}
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	h ^= h >> 33
	return Term(h)
}
