package fat

import (
	"fmt"
	"strings"
	"unicode/utf16"
)

// assignShortNames gives every child of a folder a DIR_Name of its own. Names that are short already, but for their
// case, keep theirs; the others get a number behind a tilde (fatgen103, "Generating 8.3 names").
func assignShortNames(folder *node) error {
	used := map[[11]byte]bool{}
	folded := map[string]string{}
	var rest []*node
	for _, c := range folder.children {
		if other, ok := folded[fold(c.name)]; ok {
			return folder.at().unsupported("%q and %q differ by case only, which FAT cannot keep apart", other, c.name)
		}
		folded[fold(c.name)] = c.name
		short, exact := basis(c.name)
		if exact && !used[short] {
			c.short, used[short] = short, true
		} else {
			rest = append(rest, c)
		}
	}
	tails := map[[11]byte]int{}
	for _, c := range rest {
		short, _ := basis(c.name)
		n := tails[short]
		for c.short = short; ; {
			n++
			if c.short = withTail(short, n); !used[c.short] {
				break
			}
		}
		tails[short], used[c.short] = n, true
	}
	return nil
}

// basis makes the 8.3 form of a name, and tells whether it is the name but for case.
func basis(name string) (short [11]byte, exact bool) {
	base, ext := name, ""
	if dot := strings.LastIndexByte(name, '.'); dot > 0 {
		base, ext = name[:dot], name[dot+1:]
	}
	copy(short[:], strings.Repeat(" ", len(short)))
	exactBase := squeeze(short[:8], base)
	exactExt := squeeze(short[8:], ext)
	return short, exactBase && exactExt && base != ""
}

// squeeze writes as much of s as fits, upper case, without dots and blanks, with '_' for what short names do not allow.
func squeeze(dst []byte, s string) (exact bool) {
	n := 0
	exact = true
	for _, r := range s {
		if r == '.' || r == ' ' {
			exact = false
			continue
		}
		if n == len(dst) {
			return false
		}
		switch {
		case r >= 'a' && r <= 'z':
			dst[n] = byte(r - 'a' + 'A')
		case r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("!#$%&'()-@^_`{}~", r):
			dst[n] = byte(r)
		default:
			dst[n], exact = '_', false
		}
		n++
	}
	return exact
}

// withTail replaces the end of the base by a tilde and a number.
func withTail(short [11]byte, n int) [11]byte {
	tail := fmt.Sprintf("~%d", n)
	at := 0
	for at < 8-len(tail) && short[at] != ' ' {
		at++
	}
	for i := at; i < 8; i++ {
		short[i] = ' '
	}
	copy(short[at:8], tail)
	return short
}

// longEntries counts the long name entries that a name needs: none when DIR_Name says all of it.
func (n *node) longEntries() int {
	if shortName(n.short[:], 0) == n.name {
		return 0
	}
	return (len(utf16.Encode([]rune(n.name))) + longUnits - 1) / longUnits
}
