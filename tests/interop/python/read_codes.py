"""Prints the text of each code on a picture, one a line, as zxing-cpp reads it: python3 read_codes.py PICTURE"""

import sys

import zxingcpp
from PIL import Image

for code in zxingcpp.read_barcodes(Image.open(sys.argv[1])):
    print(code.text)
