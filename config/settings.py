"""Barnstorm's settings: one file, read from the environment.

BARNSTORM_MODE is `production` (the default: it refuses to start without what a real site
needs), `demo` (a clone on somebody's laptop, SQLite and letters in a folder) or `test`.
docs/operations.md describes every variable.
"""

from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured
from django.http.request import validate_host
from django.utils.csp import CSP
from django.utils.translation import gettext_lazy as _
from psycopg import IsolationLevel

from config import env
from config.brand import NotAColor, brand
from config.logs import logging_config

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(env.text("BARNSTORM_VAR", str(BASE_DIR / "var")))

MODE = env.text("BARNSTORM_MODE", "production")
if MODE not in {"production", "demo", "test"}:
    raise ImproperlyConfigured("BARNSTORM_MODE must be production, demo or test.")
PRODUCTION = MODE == "production"
DEMO = MODE == "demo"

DEBUG = False
if PRODUCTION:
    SECRET_KEY = env.required("SECRET_KEY", "it signs sessions and links; 50 random characters")
    if len(SECRET_KEY) < 50:
        raise ImproperlyConfigured("SECRET_KEY is too short: take 50 random characters or more.")
    ALLOWED_HOSTS = env.words("ALLOWED_HOSTS")
    if not ALLOWED_HOSTS:
        raise ImproperlyConfigured("Set ALLOWED_HOSTS: the names this site answers to.")
    SITE_URL = env.required("SITE_URL", "letters link to it, e.g. https://events.example.org")
    DATABASE_URL = env.required("DATABASE_URL", "e.g. postgres://barnstorm@localhost/barnstorm")
else:
    SECRET_KEY = env.text("SECRET_KEY", f"a-well-known-key-for-{MODE}-only-never-for-a-real-site")
    ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1],testserver")
    SITE_URL = env.text("SITE_URL", f"http://localhost:{env.number('PORT', 8000)}")
    DATABASE_URL = env.text("DATABASE_URL", f"sqlite:///{VAR_DIR / f'{MODE}.sqlite3'}")
DATABASE_URL = env.database_url(DATABASE_URL)
SITE_URL = SITE_URL.rstrip("/")
if urlsplit(SITE_URL).path or not urlsplit(SITE_URL).hostname:
    raise ImproperlyConfigured("SITE_URL is like https://events.example.org, without a path.")
if PRODUCTION and not validate_host(urlsplit(SITE_URL).hostname or "", ALLOWED_HOSTS):
    raise ImproperlyConfigured("ALLOWED_HOSTS lacks the name in SITE_URL: letters link to it.")
HTTPS = SITE_URL.startswith("https://")

# Links in letters and the public cell of a home are derived from keys of their own where
# set, so that SECRET_KEY can be changed without breaking every letter already sent.
LINK_KEY = env.text("LINK_KEY", SECRET_KEY)
ADDRESS_KEY = env.text("ADDRESS_KEY", SECRET_KEY)

# -- Applications --------------------------------------------------------------------

INSTALLED_APPS = [
    "hosts.apps.RepairsConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.sitemaps",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "crispy_forms",
    "crispy_bootstrap5",
    "outbox",
    "events",
    "rsvps",
    "hosts",
]

MIDDLEWARE = [
    "config.logs.RequestLogMiddleware",
    "config.headers.HeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "config.errors.DatabaseAwayMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
ASGI_APPLICATION = "config.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "hosts.context.site",
            ],
        },
    },
]

CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"

# -- Database ------------------------------------------------------------------------

DATABASES = {"default": dj_database_url.parse(DATABASE_URL, conn_max_age=60)}
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        # One writer at a time: take the write lock when a transaction begins, and wait for
        # it, rather than fail half-way through.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-65536;"
            "PRAGMA mmap_size=268435456; PRAGMA temp_store=MEMORY"
        ),
    }
    # In memory, concurrent writers fail at once; in a file they wait for their turn.
    DATABASES["default"]["TEST"] = {"NAME": str(VAR_DIR / "tests.sqlite3")}
elif DATABASES["default"]["ENGINE"].endswith("postgresql"):
    # Whatever the server's default is: seats are counted right at this level (rsvps.checks),
    # and a single statement outside of a transaction never has to be tried again.
    _options = DATABASES["default"].setdefault("OPTIONS", {})
    _options["isolation_level"] = IsolationLevel.READ_COMMITTED
    # Pages ask short questions: compiling one (half a second, where the planner takes it for a
    # long one) costs a thousand times what it saves.
    # What is kept prepared (events.statements alone) is planned once, not for each set of values.
    _wanted = (
        r"-c default_transaction_isolation=read\ committed -c jit=off"
        " -c plan_cache_mode=force_generic_plan"
    )
    _options["prepare_threshold"] = 0
    _options["options"] = f"{_options.get('options', '')} {_wanted}".strip()
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
if not PRODUCTION:
    (VAR_DIR / "static").mkdir(parents=True, exist_ok=True)

# -- People and log-in ---------------------------------------------------------------

AUTH_USER_MODEL = "hosts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {
        "NAME": "django.contrib.auth.password_validation.CommonPasswordValidator",
        "OPTIONS": {"password_list_path": BASE_DIR / "hosts" / "data" / "common-passwords.txt.gz"},
    },
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "host_desk"
ACCOUNT_LOGOUT_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "hosts.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
# The password is for those who want one: hosts.forms.accounts asks for it at log-in only.
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1"]
ACCOUNT_FORMS = {
    "login": "hosts.forms.accounts.LoginForm",
    "signup": "hosts.forms.accounts.SignupForm",
    "request_login_code": "hosts.forms.accounts.CodeForm",
    "reset_password": "hosts.forms.accounts.ResetPasswordForm",
    "reset_password_from_key": "hosts.forms.accounts.NewPasswordForm",
    "add_email": "hosts.forms.accounts.NewEmailForm",
    "change_email": "hosts.forms.accounts.MendEmailForm",
    "set_password": "hosts.forms.accounts.SetPasswordForm",
    "change_password": "hosts.forms.accounts.ChangePasswordForm",
    "reauthenticate": "hosts.forms.accounts.PasswordAgainForm",
}
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 15 * 60  # letters can be slow
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
ACCOUNT_PASSWORD_RESET_BY_CODE_TIMEOUT = 15 * 60
ACCOUNT_CHANGE_EMAIL = True  # one address a person; a new one counts once it is confirmed
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
MFA_ADAPTER = "hosts.adapter.SecondFactorAdapter"
MFA_FORMS = {
    "authenticate": "hosts.forms.accounts.SecondStepForm",
    "reauthenticate": "hosts.forms.accounts.SecondStepAgainForm",
    "activate_totp": "hosts.forms.accounts.SetUpAppForm",
    "add_webauthn": "hosts.forms.accounts.AddKeyForm",
    "edit_webauthn": "hosts.forms.accounts.RenameKeyForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS
MFA_TOTP_ISSUER = "Barnstorm"

# -- Mail ----------------------------------------------------------------------------

BRAND_NAME = env.text("BRAND_NAME", "Barnstorm")
BRAND_LOGO = env.text("BRAND_LOGO")  # an address on this site, e.g. /static/logo.svg
try:
    BRAND = brand(env.text("BRAND_COLOR", "#b3261e"))
except NotAColor as error:
    raise ImproperlyConfigured(f"BRAND_COLOR: {error}.") from error
BRAND_COLOR = BRAND.color
MAIL_FROM = env.text("MAIL_FROM", "hello@barnstorm.example")
# Replies to invitations come to rsvp+<token>@MAIL_DOMAIN.
MAIL_DOMAIN = env.text("MAIL_DOMAIN", MAIL_FROM.rpartition("@")[2])
DEFAULT_FROM_EMAIL = f"{BRAND_NAME} <{MAIL_FROM}>"
SERVER_EMAIL = MAIL_FROM
SMTP_HOST = env.text("SMTP_HOST")
SMTP_PORT = env.number("SMTP_PORT", 587)
SMTP_USER = env.text("SMTP_USER")
SMTP_PASSWORD = env.text("SMTP_PASSWORD")
SMTP_SECURITY = env.choice("SMTP_SECURITY", "starttls", ("starttls", "tls", "none"))
SMTP_TIMEOUT = env.number("SMTP_TIMEOUT", 20)
# Replies and bounces, where they are fetched from a mailbox (manage.py poll_mailbox).
IMAP_HOST = env.text("IMAP_HOST")
IMAP_PORT = env.number("IMAP_PORT", 993)
IMAP_USER = env.text("IMAP_USER")
IMAP_PASSWORD = env.text("IMAP_PASSWORD")
IMAP_FOLDER = env.text("IMAP_FOLDER", "INBOX")
LETTERS_DIR = VAR_DIR / "letters"
HEARTBEAT_FILE = VAR_DIR / "outbox-heartbeat"
if PRODUCTION:
    env.required("MAIL_FROM", "letters come from this address")
    if "@" not in MAIL_FROM.strip("@") or "<" in MAIL_FROM:
        raise ImproperlyConfigured("MAIL_FROM is an address alone, like hello@example.org.")
    env.required("SMTP_HOST", "letters leave through this mail server")
# Letters leave through the ledger (outbox/), which speaks to the mail server itself; a
# message sent past it would go unrecorded. Django's own mailer knows the same server, for
# packages that send by themselves.
MAILERS = {
    "default": {
        "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "OPTIONS": {
            "host": SMTP_HOST,
            "port": SMTP_PORT,
            "username": SMTP_USER,
            "password": SMTP_PASSWORD,
            "use_tls": SMTP_SECURITY == "starttls",
            "use_ssl": SMTP_SECURITY == "tls",
            "timeout": SMTP_TIMEOUT,
        },
    }
    if SMTP_HOST
    else {"BACKEND": "django.core.mail.backends.console.EmailBackend"}
}

# -- Places --------------------------------------------------------------------------

GEOCODER = env.text("GEOCODER")  # a geopy service name: nominatim, photon, googlev3, ...
GEOCODER_OPTIONS = env.text("GEOCODER_OPTIONS")  # a JSON object of the geocoder's arguments
GEOCODER_TIMEOUT = env.number("GEOCODER_TIMEOUT", 5)
GEOCODER_MIN_DELAY_MS = env.number("GEOCODER_MIN_DELAY_MS", 1000)
MAP_TILES_URL = env.text("MAP_TILES_URL")
MAP_TILES_ATTRIBUTION = env.text("MAP_TILES_ATTRIBUTION")
# A file in the PMTiles format on this machine, served to the maps by the site itself.
MAP_PMTILES = env.text("MAP_PMTILES")

# -- RSVPs ---------------------------------------------------------------------------

CONFIRM_ALL_RSVPS = env.flag("CONFIRM_ALL_RSVPS")
SEAT_HOLD_MINUTES = 30
# Forms in ten minutes: beyond the first two, one connection (IPv4 /32, IPv6 /64) or network
# (/24, /56) waits; beyond the third, everybody at the event is asked to confirm their address.
RSVP_POSTS_PER_CONNECTION = env.number("RSVP_POSTS_PER_CONNECTION", 200)
RSVP_POSTS_PER_NETWORK = env.number("RSVP_POSTS_PER_NETWORK", 600)
RSVP_POSTS_PER_EVENT = env.number("RSVP_POSTS_PER_EVENT", 300)
# How much of a date's room forms may take in half an hour before that is asked there too.
RSVP_RUSH_PERCENT = env.number("RSVP_RUSH_PERCENT", 50)

# -- How long things are kept (docs/privacy.md), in days ------------------------------

# After the guest's last event, but for what they agreed to (rsvps.forgetting).
KEEP_GUEST_PHONE_DAYS = env.number("KEEP_GUEST_PHONE_DAYS", 30)
KEEP_GUEST_EMAIL_DAYS = env.number("KEEP_GUEST_EMAIL_DAYS", 90)
# After the event's last date: the address of a home.
KEEP_ADDRESS_DAYS = env.number("KEEP_ADDRESS_DAYS", 7)
# After a host last typed at a form they have not sent: the address of a home in it.
KEEP_DRAFT_DAYS = env.number("KEEP_DRAFT_DAYS", 30)
# After a letter was sent or given up: to whom it went and what it held.
KEEP_LETTERS_DAYS = env.number("KEEP_LETTERS_DAYS", 30)
# Which guest read a home's address.
KEEP_READERS_DAYS = env.number("KEEP_READERS_DAYS", 365)

# -- Language, time, files -----------------------------------------------------------

LANGUAGE_CODE = "en-us"
LANGUAGES = [("en-us", _("English"))]
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True
STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_URL = "media/"
MEDIA_ROOT = VAR_DIR / "media"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not PRODUCTION
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
FILE_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
# Limits against floods count in the cache, so all web processes must share one.
CACHE_URL = env.text("CACHE_URL")
if CACHE_URL:
    _shared = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": CACHE_URL}
elif PRODUCTION:
    _shared = {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache",  # made by a migration of hosts
    }
else:
    _shared = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
CACHES = {
    "default": _shared,
    # Strangers' pages, in each process's own memory (events.page_cache).
    "pages": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "pages",
        "OPTIONS": {"MAX_ENTRIES": 2000},
    },
}

LOGGING = logging_config(level=env.text("LOG_LEVEL", "INFO" if PRODUCTION else "WARNING"))

# -- Safety --------------------------------------------------------------------------

SECURE_CSP: dict[str, list[str]] = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "manifest-src": [CSP.SELF],
    "frame-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "base-uri": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
}
if MAP_TILES_URL:
    SECURE_CSP["img-src"].append(env.origin(MAP_TILES_URL))
if MAP_PMTILES:
    SECURE_CSP["img-src"].append("blob:")  # pictures cut out of the file by the page's own script
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
MESSAGE_STORAGE = "config.headers.MessageStorage"
MESSAGES_COOKIE_NAME = "messages"
CSRF_FAILURE_VIEW = "config.errors.csrf_failure"
CSRF_TRUSTED_ORIGINS = [SITE_URL] if HTTPS else []
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
if HTTPS:
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
    SECURE_HSTS_SECONDS = 63_072_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_NAME = "__Host-session"
    CSRF_COOKIE_NAME = "__Host-csrf"
    MESSAGES_COOKIE_NAME = "__Host-messages"
    if env.flag("BEHIND_PROXY", default=True):
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
        ALLAUTH_TRUSTED_PROXY_COUNT = 1  # whose X-Forwarded-For counts for rate limits
elif PRODUCTION:
    raise ImproperlyConfigured("SITE_URL must start with https:// in production.")
