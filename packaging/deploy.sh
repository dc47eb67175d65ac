#!/bin/sh
# Puts a new version of a service in place: pull, build, `kenduri reload`. If the new version does
# not get ready, or fails soon after it took over, the one before is put back.
#
#     deploy.sh SERVICE HOME BUILD [OPTION OF KENDURI]...
#
# HOME/repo is a clone. Each version is built in HOME/releases/COMMIT by the shell command BUILD, and
# HOME/current leads to the one that runs: `directory = "HOME/current"` in [service.SERVICE].
# VERSION in the environment names another branch, tag or commit than the newest of the default branch.
set -eu

if [ $# -lt 3 ]; then
    echo "usage: deploy.sh SERVICE HOME BUILD [OPTION OF KENDURI]..." >&2
    exit 2
fi
service=$1
home=$(cd "$2" && pwd)
build=$3
shift 3

lead_to() {
    ln -sfn "$1" "$home/current.new"
    mv -T "$home/current.new" "$home/current"
}

# One at a time.
exec 9>"$home/deploy.lock"
flock -n 9 || { echo "another deploy.sh is at work in $home" >&2; exit 1; }

git -C "$home/repo" fetch --quiet --tags origin
commit=$(git -C "$home/repo" rev-parse --verify --short=12 "${VERSION:-origin/HEAD}^{commit}")
new=releases/$commit
before=$(readlink "$home/current" || true)

if [ ! -e "$home/$new/.built" ]; then
    rm -rf "${home:?}/$new"
    mkdir -p "$home/$new"
    git -C "$home/repo" archive "$commit" | tar -x -C "$home/$new"
    (cd "$home/$new" && sh -euc "$build") 9>&-
    touch "$home/$new/.built"
fi

lead_to "$new"
if kenduri reload "$service" "$@"; then
    echo "$service is now $commit"
    # The newest three are kept, and whatever runs.
    find "$home/releases" -mindepth 1 -maxdepth 1 -type d -printf '%T@ %f\n' | sort -rn |
        tail -n +4 | cut -d ' ' -f 2 | while read -r old; do
        [ "releases/$old" = "$before" ] || [ "releases/$old" = "$new" ] || rm -rf "$home/releases/$old"
    done
    exit 0
fi
if [ -z "$before" ] || [ "$before" = "$new" ]; then
    echo "$commit was not taken, and there is no version before it" >&2
    exit 1
fi
lead_to "$before"
# Instances that the new version has replaced for good go back too.
kenduri reload "$service" "$@"
echo "$commit was not taken; $service is ${before#releases/} again" >&2
exit 1
