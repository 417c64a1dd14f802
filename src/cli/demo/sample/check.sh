#!/bin/sh
# Looks for words that are often misspelt.
for word in 'rec''ieved' 'occ''ured' 'sep''erate'; do
    if grep -rn "$word" todo README.md; then
        echo "misspelt: $word"
        exit 1
    fi
done
echo "ok: $(grep -rl . todo README.md | wc -l | tr -d ' ') files checked"
