#!/bin/sh
# What mmdebstrap runs when a root is made, which is $1: packs it as the kernel unpacks it at its
# start, and fetches the kernel of the same release, of which only its one file is taken.
set -eu
export APT_CONFIG="$MMDEBSTRAP_APT_CONFIG"
mkdir "$1/made"
cd "$1/made"
kernel=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p')
apt-get --quiet=2 --option APT::Sandbox::User=root download "$kernel"
dpkg-deb --fsys-tarfile "$kernel"_*.deb | tar --extract --to-stdout --wildcards './boot/vmlinuz-*' > kernel
rm "$kernel"_*.deb
cd "$1"
# They look for disks, keys and scripts that are not there, anew with each reload of systemd.
rm usr/lib/systemd/system-generators/*
rm -rf var/cache/apt var/lib/apt/lists usr/share/doc usr/share/locale usr/share/man
find . -xdev -path ./made -prune -o -print0 | cpio --null --create --format=newc --quiet > made/root.cpio
