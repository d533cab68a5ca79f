"""The sides from which ARP is judged."""
