#!/bin/sh
# Makes the fonts of this folder from the fonts on npm, again and byte for byte.
# Needs: npm, and from pip `fonttools==4.68.0 brotli==1.2.1` (pyftsubset).
# README.md beside this file says why each choice was made.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund \
    @fontsource/marcellus@5.3.0 @fontsource/cormorant-garamond@5.3.0 @fontsource/noto-naskh-arabic@5.3.0
from=node_modules/@fontsource

latin='U+0020-007E,U+00A0-00FF,U+0131,U+0152-0153,U+02BC,U+2013-2014,U+2018-201A,U+201C-201E,U+2022,U+2026'
rare='U+0100-0130,U+0132-0151,U+0154-017F,U+0218-021B'
arabic='U+060C,U+061B,U+061F,U+0621-063A,U+0640-0652,U+0660-0669,U+0670,U+0686,U+06A0,U+06A4,U+06A9,U+06AF,U+06BD,U+06CC,U+06CF,U+0762'
joining='ccmp,init,medi,fina,isol,rlig,liga,calt,mark,mkmk,kern'

# The name table keeps only copyright and licence: "Marcellus" is a reserved name, and a subset may not bear it.
subset() { # source, target, code points, features
    pyftsubset "$from/$1" --output-file="$here/$2" --unicodes="$3" --layout-features="$4" \
        --flavor=woff2 --name-IDs=0,13,14 --no-hinting --desubroutinize
}
subset marcellus/files/marcellus-latin-400-normal.woff2 songket.woff2 "$latin" 'kern,liga'
subset marcellus/files/marcellus-latin-ext-400-normal.woff2 songket-rare.woff2 "$rare" 'kern,liga'
subset cormorant-garamond/files/cormorant-garamond-latin-600-normal.woff2 letterpress.woff2 "$latin" 'kern,liga,lnum'
subset cormorant-garamond/files/cormorant-garamond-latin-ext-600-normal.woff2 letterpress-rare.woff2 "$rare" 'kern,liga'
subset noto-naskh-arabic/files/noto-naskh-arabic-arabic-600-normal.woff2 naskh.woff2 "$arabic" "$joining"

# What is drawn into pictures: one file with all letters, as it lies in memory. It is not served.
plain() { # source, target, code points
    pyftsubset "$from/$1" --output-file="$work/$2" --unicodes="$3" --layout-features='' \
        --drop-tables+=GPOS,GSUB,gasp --name-IDs=0,13,14 --no-hinting
}
plain marcellus/files/marcellus-latin-400-normal.woff2 latin.woff2 "$latin"
plain marcellus/files/marcellus-latin-ext-400-normal.woff2 rare.woff2 "$rare"
pyftmerge "$work/latin.woff2" "$work/rare.woff2" --drop-tables+=GPOS,GSUB,gasp --output-file="$here/songket.ttf"

cp "$from/marcellus/LICENSE" "$here/OFL-songket.txt"
cp "$from/cormorant-garamond/LICENSE" "$here/OFL-letterpress.txt"
cp "$from/noto-naskh-arabic/LICENSE" "$here/OFL-naskh.txt"
