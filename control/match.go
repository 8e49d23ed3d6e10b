package control

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"

	"berth"
)

type (
	revisionKey struct{}
	tagKey      struct{}
)

// IfRevision returns a context in which the object that a use case names is changed only while it has that revision;
// otherwise the change is refused as Precondition. 0 stands for any. Use cases with a revision of their own have no need
// of it.
func IfRevision(ctx context.Context, revision int64) context.Context {
	return context.WithValue(ctx, revisionKey{}, revision)
}

func expected(ctx context.Context) int64 {
	revision, _ := ctx.Value(revisionKey{}).(int64)
	return revision
}

// IfTag is IfRevision for accounts, which have no revisions: the tag is what Tag made of the account as it was seen. An
// empty one stands for any.
func IfTag(ctx context.Context, tag string) context.Context {
	return context.WithValue(ctx, tagKey{}, tag)
}

// Tag names the content of an account: it is another when the account is.
func Tag(account any) string {
	// An empty list is one that is not there: what was just made has the one, what was read from the store the other.
	sum := sha256.Sum256(bytes.ReplaceAll(raw(account), []byte(":[]"), []byte(":null")))
	return hex.EncodeToString(sum[:12])
}

// matches refuses a change of an account by somebody who saw another one.
func matches(ctx context.Context, kind, name string, account any) error {
	tag, _ := ctx.Value(tagKey{}).(string)
	if tag == "" || tag == Tag(account) {
		return nil
	}
	return berth.Errorf(berth.Precondition, "%s %q was changed meanwhile", kind, name).With("look at the newest state, then change it again")
}
