"""Single sign-on: people come in through their organisation's OpenID Connect provider."""
