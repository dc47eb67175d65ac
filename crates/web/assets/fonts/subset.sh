#!/bin/sh
# Makes the fonts of this folder from the fonts on npm, again and byte for byte.
# Needs: npm, and from pip `fonttools==4.68.0 brotli==1.2.1` (pyftsubset, pyftmerge).
# README.md beside this file says why each choice was made.
set -eu
export SOURCE_DATE_EPOCH=0 # no time of day in what is merged
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund \
    @fontsource/marcellus@5.3.0 @fontsource/cormorant-garamond@5.3.0 @fontsource/playfair-display@5.3.0 \
    @fontsource/poiret-one@5.3.0 @fontsource/fredoka@5.3.0 @fontsource/noto-naskh-arabic@5.3.0
from=node_modules/@fontsource

core='U+0020-007E,U+00A0,U+2013-2014,U+2018-2019,U+201C-201D,U+2026'
accents='U+00C0-00C2,U+00C4-00C5,U+00C7-00CA,U+00CD,U+00D1,U+00D3,U+00D6,U+00D8,U+00DC,U+00DF-00EF,U+00F1-00F6,U+00F8-00FC'
# What is left of Latin-1, and Latin Extended-A with Romanian: from two files, so they are merged.
rare='U+00A1-00BF,U+00C3,U+00C6,U+00CB-00CC,U+00CE-00CF,U+00D0,U+00D2,U+00D4-00D5,U+00D7,U+00D9-00DB,U+00DD-00DE,U+00F0,U+00F7,U+00FD-00FF,U+0131,U+0152-0153,U+02BC,U+201A,U+201E,U+2022'
extended='U+0100-0130,U+0132-0151,U+0154-017F,U+0218-021B'
arabic='U+060C,U+061B,U+061F,U+0621-063A,U+0640-0652,U+0660-0669,U+0670,U+0686,U+06A0,U+06A4,U+06A9,U+06AF,U+06BD,U+06CC,U+06CF,U+0762'
joining='ccmp,init,medi,fina,isol,rlig,liga,calt,mark,mkmk,kern'

# The name table keeps only copyright and licence: some names are reserved, and a subset may not bear them.
subset() { # source, target, code points, features
    pyftsubset "$from/$1" --output-file="$here/$2" --unicodes="$3" --layout-features="$4" \
        --flavor=woff2 --name-IDs=0,13,14 --no-hinting --desubroutinize
}

# A file as it lies in memory, without kerning.
plain() { # source, target, code points
    pyftsubset "$1" --output-file="$work/$2" --unicodes="$3" --layout-features='' \
        --drop-tables+=GPOS,GSUB,GDEF,gasp,STAT,DSIG --name-IDs=0,13,14 --no-hinting
}

# Letters of Turkish, Romanian, Polish, Czech, Slovak, Hungarian, South Slavic and Baltic languages: all that pages with the
# heavier faces have room for.
living='U+00A1,U+00AB,U+00BB,U+00BF,U+00C3,U+00C6,U+00CB-00CC,U+00CE-00CF,U+00D0,U+00D2,U+00D4-00D5,U+00D9-00DB,U+00DD-00DE,U+00F0,U+00FD-00FF,U+0102-0107,U+010C-0111,U+0116-011B,U+011E-011F,U+0130-0131,U+013D-013E,U+0141-0144,U+0147-0148,U+0150-0153,U+0158-015B,U+015E-0161,U+0164-0165,U+016A-016B,U+016E-0173,U+0178-017E,U+0218-021B,U+02BC,U+201A,U+201E'

# Each face in three parts, and all its letters in one file that is not served: pictures are drawn with it.
face() { # name, source with LATIN in place of the script, features, code points of what is served as rare
    latin=$(echo "$2" | sed s/LATIN/latin/)
    wide=$(echo "$2" | sed s/LATIN/latin-ext/)
    subset "$latin" "$1-core.woff2" "$core" "$3"
    subset "$latin" "$1-accents.woff2" "$accents" "$3"
    plain "$from/$latin" a.ttf "$rare"
    plain "$from/$wide" b.ttf "$extended"
    pyftmerge a.ttf b.ttf --drop-tables+=GPOS,GSUB,gasp --output-file=rare.ttf
    pyftsubset rare.ttf --output-file="$here/$1-rare.woff2" --unicodes="${4:-*}" --flavor=woff2 --name-IDs=0,13,14 --no-hinting
    plain "$from/$latin" a.ttf "$core,$accents,$rare"
    pyftmerge a.ttf b.ttf --drop-tables+=GPOS,GSUB,gasp --output-file="$here/$1.ttf"
}
face songket marcellus/files/marcellus-LATIN-400-normal.woff2 'kern,liga'
face letterpress cormorant-garamond/files/cormorant-garamond-LATIN-600-normal.woff2 'kern,liga,lnum' "$living"
face playfair playfair-display/files/playfair-display-LATIN-500-italic.woff2 'kern,liga,lnum' "$living"
face poiret poiret-one/files/poiret-one-LATIN-400-normal.woff2 'kern,liga'
face fredoka fredoka/files/fredoka-LATIN-600-normal.woff2 'kern,liga'
subset noto-naskh-arabic/files/noto-naskh-arabic-arabic-600-normal.woff2 naskh.woff2 "$arabic" "$joining"

for one in marcellus:songket cormorant-garamond:letterpress playfair-display:playfair poiret-one:poiret \
    fredoka:fredoka noto-naskh-arabic:naskh; do
    cp "$from/${one%:*}/LICENSE" "$here/OFL-${one#*:}.txt"
done
