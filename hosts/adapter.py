"""Where allauth meets Barnstorm."""

from allauth.account.adapter import DefaultAccountAdapter


class AccountAdapter(DefaultAccountAdapter):
    """Account mail leaves through the ledger, like every other letter."""
