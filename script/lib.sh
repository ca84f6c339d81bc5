# What script/server and script/test share. Sourced by bash, with $root set to the project's folder.

venv="$root/.venv"
py="$venv/bin/python"
PATH="$PATH:/usr/sbin:/sbin" # where dockerd, iptables and ip are, also for a user whose PATH is short

section() { printf '\n\033[1m== %s\033[0m\n' "$*"; }
note() { printf '%s\n' "$*" >&2; }
fail() {
    note "$*"
    exit 1
}

can_install() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

# Installs Debian packages; what apt says is shown only when it fails.
apt_install() {
    note "Installing $* ..."
    local log
    log=$(mktemp)
    if ! {
        apt-get -o DPkg::Lock::Timeout=300 update &&
            DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "$@"
    } </dev/null >"$log" 2>&1; then
        cat "$log" >&2
        rm -f "$log"
        fail "Could not install $*: apt-get's own words are above."
    fi
    rm -f "$log"
}

# Prints the first Python that is new enough and really runs (a version manager's stub may not).
find_python() {
    local name
    for name in python3.11 python3.12 python3.13 python3; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            command -v "$name"
            return
        fi
    done
    return 1
}

make_venv() {
    # Killed half-way it has no pip yet, and is made anew.
    "$py" -c 'import pip' >/dev/null 2>&1 && return
    local python version
    if ! python=$(find_python); then
        can_install || fail "Python 3.11 or newer is needed: install it with 'sudo apt-get install python3 python3-venv'."
        apt_install python3 python3-venv
        python=$(find_python) || fail "Python 3.11 or newer is needed, and this system's package is older."
    fi
    if ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        can_install || fail "Python's venv module is missing: install it with 'sudo apt-get install python$version-venv'."
        apt_install "python$version-venv"
    fi
    note "Making a virtual environment with $("$python" --version) ..."
    "$python" -m venv --clear "$venv"
}

# install_requirements FILE: exactly the versions and hashes in FILE, and only when they changed. All of requirements.txt
# is in requirements-dev.txt too, so whoever installs that has both.
install_requirements() {
    local file sum
    sum=$(sha256sum <"$root/$1")
    [ "$(cat "$venv/.installed-${1%.txt}" 2>/dev/null)" = "${sum%% *}" ] && return
    note "Installing the packages of $1 ..."
    rm -f "$venv"/.installed-*
    "$py" -m pip install --quiet --quiet --disable-pip-version-check --no-input --require-hashes -r "$root/$1" ||
        fail "The packages of $1 could not be installed: pip's own words are above."
    for file in requirements.txt "$1"; do
        sum=$(sha256sum <"$root/$file")
        printf '%s\n' "${sum%% *}" >"$venv/.installed-${file%.txt}"
    done
}

# prepare_python FILE: one at a time, so that two commands begun together do not install into each other.
prepare_python() {
    (
        flock 9
        make_venv
        install_requirements "$1"
    ) 9<"$root"
}
