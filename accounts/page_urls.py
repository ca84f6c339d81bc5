from django.urls import path
from django.views.generic import RedirectView

from accounts.pages import password, sessions, sign_in, two_factor

app_name = "account"

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="account:sessions")),
    path("sign-in", sign_in.enter, name="sign-in"),
    path("sign-in/code", sign_in.second_factor, name="second-factor"),
    path("sign-out", sign_in.leave, name="sign-out"),
    path("password", password.change, name="password"),
    path("two-factor", two_factor.overview, name="two-factor"),
    path("two-factor/set-up", two_factor.set_up, name="two-factor-set-up"),
    path("two-factor/codes", two_factor.renew_codes, name="two-factor-codes"),
    path("two-factor/turn-off", two_factor.turn_off, name="two-factor-turn-off"),
    path("sessions", sessions.show_all, name="sessions"),
    path("sessions/end", sessions.end_all, name="end-all-sessions"),
    path("sessions/<uuid:public_id>/end", sessions.end, name="end-session"),
]
