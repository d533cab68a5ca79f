"""The frozen vocabulary: what every other part of tshoot speaks in. Standard library only."""
