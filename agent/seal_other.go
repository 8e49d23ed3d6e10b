//go:build !windows

package agent

// seal leaves the host's key as it is: the mode of its file keeps others from it.
func seal(key []byte) ([]byte, error) { return key, nil }

// unseal gives back what seal was given.
func unseal(sealed []byte) ([]byte, error) { return sealed, nil }
