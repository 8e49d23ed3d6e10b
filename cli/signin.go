package cli

import (
	"context"

	"berth/wire"
)

// signIn turns a user's name and password into the secret of a session, which is kept as the context's token.
func (p *program) signIn(ctx context.Context, c savedContext, user string, stdin bool) (savedContext, error) {
	c.Token = ""
	server, err := c.client()
	if err != nil {
		return c, err
	}
	in := wire.SignInRequest{Name: user}
	if stdin {
		in.Password, _, err = p.passwordLines()
	} else {
		in.Password, err = p.askSecret("Password of " + user)
	}
	if err != nil {
		return c, err
	}
	session, err := server.SignIn(ctx, in)
	c.Token = session.Text
	return c, err
}
