#!/bin/sh
# Puts a Julia into PREFIX, with a launcher PREFIX/bin/julia: a link to the machine's own where there is one, else what
# Debian 11 has, 1.5.3, the oldest that the package supports. Later releases of Debian have none. Nothing of the system is
# changed: packages are unpacked into PREFIX together with the libraries that they were built with.
#
#     scripts/julia.sh PREFIX
set -eu
prefix=${1:?usage: scripts/julia.sh PREFIX}
mkdir -p "$prefix/bin"
prefix=$(cd "$prefix" && pwd)
if [ -x "$prefix/bin/julia" ]; then
    exit 0
fi
if own=$(command -v julia); then
    ln -s "$own" "$prefix/bin/julia"
    exit 0
fi
for tool in apt-get dpkg; do
    if ! command -v "$tool" >/dev/null 2>&1; then
        echo "julia: there is neither Julia nor $tool; please install Julia 1.5 or later" >&2
        exit 1
    fi
done

# The machine's own mirror of Debian, in either format of its lists of sources.
address=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null |
    awk '$1 == "URIs:" { print $2 } $1 == "deb" { print ($2 ~ /^\[/) ? $3 : $2 }' |
    grep -E '/debian/?$' | head -n 1) || true
if [ -z "$address" ]; then
    echo "julia: no mirror of Debian among this machine's sources; please install Julia 1.5 or later" >&2
    exit 1
fi

# An apt of its own, which thinks that nothing is installed, so that all that Julia needs comes along.
work=$prefix/apt
mkdir -p "$work/lists/partial" "$work/archives/partial"
: >"$work/status"
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $address bullseye main" >"$work/sources.list"
cat >"$work/configuration" <<CONFIGURATION
Dir::Etc::sourcelist "$work/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::State::Lists "$work/lists";
Dir::State::status "$work/status";
Dir::Cache::archives "$work/archives";
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
Acquire::Check-Valid-Until "false";
APT::Install-Recommends "false";
Debug::NoLocking "true";
CONFIGURATION
# As root apt would fetch as a user who may not write here.
[ "$(id -u)" -ne 0 ] || echo 'APT::Sandbox::User "root";' >>"$work/configuration"
export APT_CONFIG="$work/configuration"
for step in "update" "--yes --download-only install julia"; do
    # shellcheck disable=SC2086
    apt-get -q $step >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
done
for package in "$work"/archives/*.deb; do
    dpkg -x "$package" "$prefix/root"
done

libraries=$prefix/root/usr/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH 2>/dev/null || echo "$(uname -m)-linux-gnu")
cat >"$prefix/bin/julia" <<LAUNCHER
#!/bin/sh
export LD_LIBRARY_PATH="$libraries/julia:$libraries\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH}"
exec "$prefix/root/usr/bin/julia" "\$@"
LAUNCHER
chmod +x "$prefix/bin/julia"
rm -rf "$work"
