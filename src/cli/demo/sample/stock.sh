# Prints the stock of a shelf: a long result, for the act of the demo that is about long sessions.
shelf=$1
bin=1
while [ "$bin" -le 800 ]; do
    echo "shelf $shelf, bin $bin: $((bin * 7919 * shelf % 997)) crates of part $((bin * 104729 % 99991))"
    bin=$((bin + 1))
done
